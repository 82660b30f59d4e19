import type { Dispatcher } from 'undici';
import { isoTime } from '#core/clock.ts';
import type { SentEvent } from './alert-event.ts';
import type { Send } from './channel.ts';
import { httpFailure, isSuccess, post } from './post.ts';

/** The body of a webhook. Source: Standard Webhooks, "Payload structure". */
function webhookBody({ type, at, data }: Omit<SentEvent, 'eventId'>): string {
  return JSON.stringify({ type, timestamp: isoTime(at), data });
}

/**
 * Sends events as Standard Webhooks: one POST each, signed with every secret (two while one is being changed);
 * `webhook-id` stays the same however often an event is sent.
 */
export function webhook(url: string, secrets: readonly string[], dispatcher: Dispatcher): Send<SentEvent> {
  return async (event, at, signal) => {
    const { Webhook } = await import('standardwebhooks');
    const body = webhookBody(event);
    const time = new Date(at * 1000);
    const signatures = secrets.map((secret) => new Webhook(secret).sign(event.eventId, time, body));
    const posted = await post({
      url,
      headers: {
        'webhook-id': event.eventId,
        'webhook-timestamp': String(at),
        'webhook-signature': signatures.join(' '),
      },
      body,
      dispatcher,
      signal,
    });
    posted.leave();
    return isSuccess(posted) ? { delivered: true, answer: `HTTP ${posted.status}` } : httpFailure(posted);
  };
}
