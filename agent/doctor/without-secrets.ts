import type { Environment } from '../options.ts';

/** What stands in the place of a secret. */
const HIDDEN = '***';
/** Shorter ones would take other texts along. */
const LEAST = 6;

const PRIVATE_KEYS =
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g;
const PASSWORDS_IN_URLS = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@"'\\]*@/gi;

/** What stands before the host in each proxy variable, in whatever form: a name and a password. */
export function proxySecrets(env: Environment): string[] {
  return Object.entries(env).flatMap(([name, value = '']) => {
    const end = /_proxy$/i.test(name) ? value.lastIndexOf('@') : -1;
    return end === -1 ? [] : value.slice(value.indexOf('//') === -1 ? 0 : value.indexOf('//') + 2, end);
  });
}

/**
 * A text without secrets, whoever wrote it: the known ones, private keys in PEM, names and passwords in URLs. What goes
 * into a report holds none to begin with; this is for what nobody thought of, such as lines of a log.
 */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= LEAST)
    .reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text)
    .replace(PRIVATE_KEYS, HIDDEN)
    .replace(PASSWORDS_IN_URLS, `$1${HIDDEN}@`);
}
