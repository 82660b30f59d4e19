/** How long an Idempotency-Key is honoured, in seconds. Source: design, Server "Credentials". */
export const IDEMPOTENCY_SECONDS = 86_400;
