/**
 * Exit codes of the commands. 0 valid, 1 fault, 2 usage or configuration, 3 not licensed, 4 server out of reach,
 * 5 not authentic, 6 store damaged or unreadable as a file, 7 needs the daemon and it is down. Source: design,
 * Commands.
 */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

export interface ErrorEntry {
  /** HTTP status where an API answers with it. */
  readonly http: number;
  readonly exit: ExitCode;
  /** Whether the same call may succeed later without anyone changing anything. */
  readonly retryable: boolean;
  readonly en: string;
  readonly enRemedy: string;
  readonly zh: string;
  readonly zhRemedy: string;
}

export type Texts = readonly [en: string, enRemedy: string, zh: string, zhRemedy: string];

/** An entry from its numbers and texts. */
export const entry = (
  http: number,
  exit: ExitCode,
  retryable: boolean,
  [en, enRemedy, zh, zhRemedy]: Texts,
): ErrorEntry => ({
  http,
  exit,
  retryable,
  en,
  enRemedy,
  zh,
  zhRemedy,
});

/** A person or program asked for something that cannot be: 400. */
export const mistake = (exit: ExitCode, ...texts: Texts) => entry(400, exit, false, texts);
/** Something is not authentic: 400 on the wire, exit 5. */
export const forged = (...texts: Texts) => entry(400, 5, false, texts);
/** The server says no, for a reason of licensing: 400 in the OpenAPI, exit 3. */
export const refused = (...texts: Texts) => entry(400, 3, false, texts);

export const ASK_VENDOR = 'Ask the vendor for a file made for this purpose; do not edit it.';
export const ASK_VENDOR_ZH = '请向厂商索取正确的文件，不要自行修改。';
export const CONFIG = 'Correct the configuration file; docs/configuration.md lists every key.';
export const CONFIG_ZH = '请修改配置文件；所有配置项见 docs/configuration.zh.md。';
