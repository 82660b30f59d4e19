import {
  type IncomingMessage,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
  ServerResponse,
} from 'node:http';

/** Names whose parts are no plain words. */
const SPELLINGS: Readonly<Record<string, string>> = { 'www-authenticate': 'WWW-Authenticate' };

const spelled = new Map<string, string>(Object.entries(SPELLINGS));

/** `content-length` → `Content-Length`. */
function spell(name: string): string {
  const known = spelled.get(name);
  if (known !== undefined) return known;
  const spelling = name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
  // Names are ours and few; a stranger cannot make this grow.
  spelled.set(name, spelling);
  return spelling;
}

/**
 * A response whose header names leave as RFC 9110 and old documents spell them. HTTP does not mind their case;
 * embedded clients that look for `Content-Length:` in the bytes do. Source: contract, Common "Transport".
 */
export class SpelledResponse<
  Request extends IncomingMessage = IncomingMessage,
> extends ServerResponse<Request> {
  override writeHead(
    statusCode: number,
    statusMessage?: string | OutgoingHttpHeaders | OutgoingHttpHeader[],
    headers?: OutgoingHttpHeaders | OutgoingHttpHeader[],
  ): this {
    if (typeof statusMessage === 'string')
      return super.writeHead(statusCode, statusMessage, withSpelledNames(headers));
    return super.writeHead(statusCode, withSpelledNames(statusMessage ?? headers));
  }
}

function withSpelledNames(
  headers: OutgoingHttpHeaders | OutgoingHttpHeader[] | undefined,
): OutgoingHttpHeaders | OutgoingHttpHeader[] | undefined {
  if (headers === undefined || Array.isArray(headers)) return headers;
  const named: OutgoingHttpHeaders = {};
  for (const name in headers) named[spell(name)] = headers[name];
  return named;
}
