import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { LicenseError } from '#core/errors.ts';

/** Where `npm run console` builds the pages into. */
const BUILT = join(import.meta.dirname, '../../../dist/console');

/**
 * Scripts of ours alone and none within a page, no frame around it, no other host. Ant Design writes its styles into the
 * page; what they could do without a script is nothing that a user gains by.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(self), microphone=(), geolocation=()',
};

/**
 * The Console's pages under `/console/`: files named by their content are kept for a year, the page itself is asked for
 * each time. Whatever else is asked for there is a place within the page.
 */
export async function consolePages(app: FastifyInstance, built = BUILT): Promise<void> {
  await app.register(
    async (scope) => {
      scope.addHook('onSend', async (_request, reply) => {
        reply.headers(HEADERS);
      });
      if (!existsSync(join(built, 'index.html'))) {
        scope.get('/*', async () => {
          throw new LicenseError('console_not_built');
        });
        return;
      }
      await scope.register(fastifyStatic, {
        root: built,
        wildcard: true,
        cacheControl: false,
        setHeaders: (reply, path) => {
          const isNamedByContent = path.includes('/assets/');
          const kept = isNamedByContent ? 'public, max-age=31536000, immutable' : 'no-cache';
          reply.header('cache-control', kept);
        },
      });
      scope.setNotFoundHandler((request, reply) => {
        const isPage =
          (request.method === 'GET' || request.method === 'HEAD') && !request.url.includes('/assets/');
        if (!isPage) throw new LicenseError('not_found', { path: request.url.slice(0, 100) });
        return reply.sendFile('index.html');
      });
    },
    { prefix: '/console' },
  );
  app.get('/console', async (_request, reply) => reply.redirect('/console/'));
}
