import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { errorTable } from '#core/error-table.ts';
import { LicenseError, messageOf } from '#core/errors.ts';
import { codeOf } from '#core/host/reason.ts';
import type { Problem } from './problems.ts';

const MALFORMED = { en: 'it is not valid HTTP', zh: '不是有效的 HTTP' };
const TOO_LONG = { en: 'its headers are longer than 16 KiB', zh: '请求头超过 16 KiB' };

/**
 * Answers what never became a request, in the envelope all the same and in one write, and ends the connection: what
 * follows on it cannot be told from what went wrong. Nobody's language is known yet, so it is Chinese as documented.
 */
export function answerClientError(this: unknown, fault: Error, socket: Socket): void {
  const code = codeOf(fault);
  if (code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const error =
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? new LicenseError('request_timeout')
      : new LicenseError('http_malformed', {
          problem: code === 'HPE_HEADER_OVERFLOW' ? TOO_LONG : MALFORMED,
        });
  const { status, body } = answerOf(error);
  socket.end(
    `HTTP/1.1 ${status} Bad Request\r\n` +
      'Content-Type: application/json; charset=utf-8\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** Answers a request that expects what we do not do, before its body comes: Node itself would answer without a body. */
export function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const { status, body } = answerOf(new LicenseError('expectation_failed'));
  // Whether the body still comes, nobody knows.
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  });
  response.end(body);
}

function answerOf(error: LicenseError): { status: number; body: string } {
  const status = errorTable[error.code].http;
  const problem: Problem = {
    code: status,
    message: messageOf(error, 'zh'),
    error: error.code,
    requestId: crypto.randomUUID(),
  };
  return { status, body: JSON.stringify(problem) };
}
