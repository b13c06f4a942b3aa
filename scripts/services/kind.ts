/** What the script knows how to bring. */
export type Name = 'postgres' | 'redis' | 'rabbitmq' | 'kafka';

/** Where one server lives: its own absolute folder, and its port on 127.0.0.1. */
export interface Place {
  readonly dir: string;
  readonly port: number;
  /** The port of the helper, for the server that needs one. */
  readonly helperPort?: number;
}

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  /** All that the server sees of an environment, beside PATH, HOME and the language. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program to its end as the server's user; throws an Error that ends with what the program said. */
export type Run = (command: Command) => Promise<void>;

/** What differs between the servers; `server.ts` does the rest for all of them alike. */
export interface Kind {
  readonly name: string;
  readonly title: string;
  readonly port: number;
  /** The account that its package makes: whom root becomes, if that account can enter the folder. */
  readonly account: string;
  /** It does not start as root, so the account must be able to enter the folder. */
  readonly refusesRoot?: boolean;
  /** A word that the command line of its process always holds. */
  readonly marker: string;
  readonly stopSignal: NodeJS.Signals;
  /** Started before and stopped after it; a kill leaves it running, as a crash would. */
  readonly helper?: Kind;
  url(port: number): string;
  /** The system packages that are not installed yet. */
  missing(): string[];
  /** Downloads what is in no system package, unless it is there. */
  fetch?(progress: (text: string) => void): Promise<void>;
  /** Writes its settings, and its data when there are none. Called before every start. */
  prepare(place: Place, run: Run): Promise<void>;
  command(place: Place): Command;
  /** Asks in the server's own language: its version (empty when it tells none), or throws while it is not ready. */
  ready(place: Place): Promise<string>;
}
