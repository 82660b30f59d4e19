import { connect } from 'node:net';
import type { LicenseError } from '#core/errors.ts';
import { connectionError } from './ask-daemon.ts';

export interface StreamListener {
  onEvent(event: string, data: unknown): void;
  /** The stream is over: the daemon ended, or never was there. */
  onEnd(cause: LicenseError): void;
}

const MAX_EVENT_BYTES = 1024 * 1024;

/**
 * Listens to the daemon's events (WHATWG HTML, "Server-sent events") until either side ends; the way to end it.
 * Asked in HTTP/1.0, so that the answer comes unchunked.
 */
export function openEventStream(socket: string, { onEvent, onEnd }: StreamListener): () => void {
  const connection = connect(socket);
  let text = '';
  let inBody = false;
  let isOver = false;
  const end = (cause?: unknown) => {
    if (isOver) return;
    isOver = true;
    connection.destroy();
    onEnd(connectionError(socket, cause));
  };
  connection.setEncoding('utf8');
  connection.on('error', end);
  connection.on('close', () => end());
  connection.on('data', (chunk: string) => {
    text += chunk;
    if (!inBody) {
      const at = text.indexOf('\r\n\r\n');
      if (at < 0) return;
      if (!/^HTTP\/1\.[01] 200 /.test(text)) return end();
      inBody = true;
      text = text.slice(at + 4);
    }
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    if (text.length > MAX_EVENT_BYTES) return end();
    for (const block of blocks) deliver(block, onEvent);
  });
  connection.write('GET /v1/events HTTP/1.0\r\nHost: license-agent\r\n\r\n');
  return () => {
    isOver = true;
    connection.destroy();
  };
}

function deliver(block: string, onEvent: StreamListener['onEvent']): void {
  const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
  if (event === undefined || data === undefined) return;
  try {
    onEvent(event, JSON.parse(data));
  } catch {
    // What is no JSON is no event of ours.
  }
}
