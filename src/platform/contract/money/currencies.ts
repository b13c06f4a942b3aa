/**
 * The currencies of ISO 4217 (list one, 2026) by the digits of their minor unit. `Intl` is no source for these: it has the
 * digits in use by CLDR, such as none for ALL, COP, HUF, IDR and IQD. Codes without a minor unit (gold, the test codes)
 * are not listed. Codes that were withdrawn since 2020 stay, so that a shop which counted in one can read its books.
 */
const CODES: Readonly<Record<number, string>> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  2: `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP
    COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR
    JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN
    NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL
    THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG ANG BGN CUC HRK SLL ZWL`,
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
};

const DIGITS = new Map(
  Object.entries(CODES).flatMap(([digits, codes]) => codes.split(/\s+/).map((code) => [code, Number(digits)] as const)),
);

/** Whether this is a currency of ISO 4217 that amounts can be counted in. */
export function isCurrency(code: string): boolean {
  return DIGITS.has(code);
}

/** How many digits an amount of this currency has after the point: USD 2, JPY 0, KWD 3. An unknown code has 2. */
export function digitsOf(currency: string): number {
  return DIGITS.get(currency) ?? 2;
}

let ours = 'USD';

/** Sets the currency of the shop, as CURRENCY says: once, before anything is opened. A process is one shop. */
export function setShopCurrency(currency: string): void {
  ours = currency;
}

/** The currency of amounts that have none beside them. */
export function shopCurrency(): string {
  return ours;
}
