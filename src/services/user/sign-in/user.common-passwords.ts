/**
 * The passwords that are tried first, in small letters, as published lists of leaked passwords agree on them. Those
 * of fewer than eight characters are refused for their length.
 */
export const COMMON_PASSWORDS: ReadonlySet<string> = new Set(
  `
12345678 123456789 1234567890 123123123 987654321 87654321 0987654321 11111111 111111111 1111111111 00000000
000000000 0000000000 22222222 33333333 44444444 55555555 66666666 77777777 88888888 888888888 99999999 999999999
12341234 12344321 12121212 11223344 1122334455 112233445566 123321123 123454321 123456123 123456123456 123123456
12345679 123456788 12345678910 1234567891 123456781 123456780 1234567899 12345687 13131313 13579246 135792468
147258369 147852369 159357456 159753456 159951159 14789632 147896325 741852963 789456123 7894561230 789654123
963852741 852456789 321654987 456123789 654321654 10203040 102030405 20202020 21212121 23232323 25252525 69696969
01234567 012345678 0123456789 01010101 10101010 31415926 314159265 19841984 19851985 19861986 19871987 19881988
19891989 19901990 20002000 20102010 18436572 01020304 99887766 98765432 9876543210 1234554321 12345654321 55667788
password password1 password2 password3 password4 password5 password6 password7 password8 password9 password0
password01 password10 password11 password12 password13 password21 password22 password69 password99 password00
password111 password123 password1234 password12345 password321 password2020 password2021 password2022 password2023
password2024 password2025 password2026 password! password1! password123! password@123 password@1 password. password#1
passw0rd passw0rd1 passw0rd! passw0rd123 p@ssword p@ssword1 p@ssword123 p@ssw0rd p@ssw0rd1 p@ssw0rd! p@ssw0rd123
p@ssw0rd1234 pa$$word pa$$w0rd pa55word pa55w0rd passwort passwort1 passwort123 wachtwoord contraseña contrasena
motdepasse senha123 senha1234 heslo123 parola123 haslo123 salasana lozinka1 mypassword mypassword1 mypassword123
mypass123 newpassword newpassword1 newpass123 nopassword thepassword oldpassword yourpassword userpassword testpassword
adminpassword rootpassword defaultpassword default123 passpass passpass1 password password123456 passwordpassword
qwertyui qwertyuiop qwertyuiop1 qwertyuiop123 qwerty12 qwerty123 qwerty1234 qwerty12345 qwerty123456 qwerty321 qwerty11
qwerty77 qwerty99 qwerty123! qwertyqwerty qwertyasdf qwertyzxc qwertyuio qwerty1! qwert123 qwert1234 qwert12345
qwertz123 qwertzui qwertzuiop azerty123 azertyuiop azertyui 1q2w3e4r 1q2w3e4r5t 1q2w3e4r5t6y 1qaz2wsx 1qaz2wsx3edc
1qazxsw2 1qaz@wsx !qaz2wsx zaq12wsx zaq1zaq1 zaq1xsw2 zaq!2wsx qazwsxedc qazwsx123 qazwsxedcrfv qaz123wsx 2wsx3edc
2wsxzaq1 q1w2e3r4 q1w2e3r4t5 q1w2e3r4t5y6 1234qwer 12345qwert 123qweasd 123qweasdzxc 123qwe123 123qwe123qwe qwe123qwe
qwe123456 qweasdzxc qweasd123 qweqweqwe qweqwe123 qwaszx12 asdfghjk asdfghjkl asdfghjkl1 asdfghjkl123 asdf1234 asdf12345
asdfasdf asdfasdf1 asdfqwer asdasdasd asdasd123 asd123asd asd123456 asdzxc123 zxcvbnm1 zxcvbnm123 zxcvbnm, zxcvbnm,./
zxcvbnmasdfghjkl zxcv1234 zxczxczxc zxcasdqwe zxcasdqwe123 poiuytrewq lkjhgfdsa mnbvcxz1 mnbvcxzlkjhg poiuytre
123456qwerty 123456qwe 123456abc 123456aa 123456asd 12345abc 1234abcd 1234asdf 123abc123 1a2b3c4d 1a2b3c4d5e a1b2c3d4
a1b2c3d4e5 a1s2d3f4 a1234567 a12345678 a123456789 a1234567890 aa123456 aa12345678 aaa12345 aaaa1111 abc12345 abc123456
abc123456789 abc123abc abcabc123 abcd1234 abcd12345 abcd123456 abcde123 abcde12345 abcdef12 abcdef123 abcdefgh abcdefghi
abcdefghij abcdefg1 abcdefg123 aaaaaaaa aaaaaaaaa aaaaaaaaaa bbbbbbbb ssssssss xxxxxxxx xxxxxxxxxx zzzzzzzz qqqqqqqq
iloveyou iloveyou1 iloveyou2 iloveyou3 iloveyou12 iloveyou123 iloveyou! iloveyou! iloveyousomuch iloveyou22 iloveyou7
ilovehim ilovegod iloveme1 iloveme2 iloveme123 ilovemyself ilovemom ilovemymom ilovejesus ilovemusic ilovemyfamily
loveyou1 loveyou2 lovelove loveme123 lovely123 loveforever iloveu123 iloveu22 iloveyou1234 teamo123 tequiero teamomucho
sunshine sunshine1 sunshine12 sunshine123 princess princess1 princess12 princess123 princesa princesa1 football football1
football12 football123 baseball baseball1 baseball12 baseball123 basketball basketball1 softball softball1 volleyball
hockey123 soccer123 soccer12 superman superman1 superman12 superman123 batman123 batman1234 spiderman spiderman1
spiderman123 ironman123 wolverine deadpool starwars starwars1 startrek matrix123 pokemon1 pokemon12 pokemon123 pikachu1
charizard digimon1 dragonball dragonball1 dragon12 dragon123 dragon1234 minecraft minecraft1 minecraft123 fortnite
fortnite1 roblox123 warcraft warcraft1 starcraft counterstrike playstation playstation1 playboy1 nintendo nintendo1
xbox360x computer computer1 computer123 internet internet1 internet123 michelle michelle1 jennifer jennifer1 jessica1
jessica123 ashley123 amanda123 samantha samantha1 victoria victoria1 elizabeth elizabeth1 stephanie stephanie1 christine
christina christian christian1 alexander alexander1 alexandra alexandra1 alejandro alejandra fernando fernando1 sebastian
sebastian1 benjamin benjamin1 jonathan jonathan1 nicholas nicholas1 nathaniel danielle danielle1 veronica veronica1
patricia patricia1 valentina valentin katherine catherine isabella isabella1 gabriella gabriela gabriel1 michael1
michael12 michael123 jordan23 jordan123 daniel123 thomas123 charlie1 charlie123 anthony1 anthony123 andrew123 joshua123
matthew1 matthew123 robert123 william1 richard1 brandon1 brandon123 justin123 jackson1 madison1 savannah brooklyn
brooklyn1 chelsea1 chelsea123 liverpool liverpool1 liverpool123 arsenal1 arsenal123 manchester manunited barcelona
barcelona1 realmadrid juventus juventus1 acmilan1 bayern123 dortmund yankees1 cowboys1 lakers24 steelers steelers1
packers1 patriots redskins redsox04 marlboro marlboro1 budweiser corvette corvette1 mercedes mercedes1 mustang1 mustang123
ferrari1 porsche1 porsche911 chevrolet motorola samsung1 samsung123 iphone123 blackberry facebook facebook1 facebook123
youtube1 youtube123 google123 linkedin linkedin1 linkedin123 twitter1 instagram instagram1 myspace1 microsoft microsoft1
windows1 windows10 linux123 ubuntu123 oracle123 mysql123 postgres postgres1 postgres123 database database1 server123
raspberry changeme changeme1 changeme123 changeme! changeit changethis letmein1 letmein12 letmein123 letmein! letmeinnow
welcome1 welcome12 welcome123 welcome1234 welcome! welcome1! welcome@123 welcome2 welcome01 welcome2020 welcome2021
welcome2022 welcome2023 welcome2024 welcome2025 admin123 admin1234 admin12345 admin123456 admin@123 admin123! admin2020
admin2021 admin2022 admin2023 admin2024 admin2025 adminadmin admin001 administrator administrator1 administrador root1234
root12345 rootroot toor1234 user1234 user12345 username username1 guest123 guest1234 guestguest test1234 test12345
test123456 test123! testtest testtest1 testing1 testing12 testing123 test@123 demo1234 demodemo sample123 example1
example123 temp1234 temppass temporary master12 master123 master1234 masterkey monkey12 monkey123 monkey1234 shadow12
shadow123 shadow1234 hunter12 hunter123 killer12 killer123 whatever whatever1 whatever123 trustno1 trustno11 trustnoone
access14 access123 secret12 secret123 secret1234 topsecret topsecret1 mysecret security security1 security123 hello123
hello1234 hello12345 hellohello helloworld hello123! hallo123 hallo1234 bonjour1 salut123 chocolate chocolate1 cookie123
cheese123 banana123 orange123 apple123 pepper12 ginger123 cupcake1 strawberry blueberry butterfly butterfly1 flower123
rainbow1 rainbow123 unicorn1 unicorn123 diamond1 diamond123 precious precious1 beautiful beautiful1 gorgeous angel123
angel1234 angels123 heaven123 jesus123 jesus777 jesuschrist godisgood godislove godbless faithful blessed1 blessed123
hallelujah snoopy123 scooby123 scoobydoo scoobydoo1 tinkerbell mickeymouse mickey123 hellokitty hellokitty1 spongebob
spongebob1 garfield garfield1 bulldog1 bulldogs elephant elephant1 dolphin1 dolphins dolphins1 panther1 panthers tigger12
tigger123 kitten123 pussycat buster123 bailey123 maggie123 cowboy123 midnight midnight1 mountain sunflower sunflower1
blink182 metallica metallica1 nirvana1 slipknot slipknot1 linkinpark greenday greenday1 evanescence eminem123 rockstar
rockstar1 rocknroll guitar123 music123 musica123 freedom1 freedom123 liberty1 america1 american1 canada123 england1
scotland australia germany1 deutschland france123 brasil123 colombia mexico123 pakistan pakistan1 pakistan123 india123
india@123 bangladesh indonesia philippines vietnam1 thailand spring2023 spring2024 spring2025 summer12 summer123 summer2020
summer2021 summer2022 summer2023 summer2024 summer2025 summer01 summer99 autumn2023 autumn2024 autumn2025 winter12
winter123 winter2022 winter2023 winter2024 winter2025 january1 february november december december1 september october1
monday123 friday13 sunday123 birthday birthday1 christmas christmas1 halloween valentine forever1 forever21 forever123
friends1 friends123 bestfriend bestfriends family123 mother123 father123 brother1 sister123 babygirl babygirl1 babygirl12
babygirl123 babyboy1 babyboy123 baby1234 sweetheart sweetie1 sexygirl sexybitch sexylady sexy1234 sexy12345 lovelygirl
fuckyou1 fuckyou2 fuckyou12 fuckyou123 fuckyou! fuckoff1 fuckme123 fuckyoubitch motherfucker asshole1 asshole123 bullshit
bullshit1 biteme123 bitch123 pornstar playgirl jackass1 pimpin123 gangster gangster1 thuglife hotstuff blahblah blahblah1
nothing1 nothing123 something anything everything supernova superstar superstar1 champion champion1 legendary president
executive business manager1 manager123 service1 service123 support1 support123 sales123 office123 office365 company1
company123 school123 student1 student123 teacher1 teacher123 college1 university graduate football10 thunder1 thunder123
lightning hurricane scorpion scorpion1 phoenix1 phoenix123 predator terminator gladiator warrior1 warrior123 assassin
assassin1 godzilla snowball snowflake stargate enterprise millenium millennium paradise infinity galaxy123 universe
blackcat blackjack blackbird redhead1 bluebird greenbay silver123 golden123 platinum undertaker johncena johncena1
wrestling wrestling1 skateboard snowboard motocross kawasaki yamaha123 suzuki123 kingkong king1234 queen123 prince123
creative creative1 fantasy1 mercury1 jupiter1 sapphire treasure tradepost tradepost1 tradepost123 correcthorsebatterystaple
`
    .trim()
    .split(/\s+/),
);
