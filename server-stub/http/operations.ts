import type { FastifyInstance } from 'fastify';
import { asLicenseError, messageOf } from '#core/errors.ts';
import { currentCertificate } from '../licensing/issuer.ts';
import { AuditTrail } from '../store/audit.ts';
import type { Services } from './services.ts';

/** For those who run the server: /healthz (the process answers), /readyz (it can issue). */
export function operationsRoutes(app: FastifyInstance, { store, clock }: Services): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const problems: string[] = [];
    try {
      const companies = await store.reader.selectFrom('company').select('cid').execute();
      if (companies.length === 0) problems.push('no grant was imported yet');
      for (const { cid } of companies) {
        await new AuditTrail(store.reader, clock.now())
          .timeOf(cid)
          .catch((thrown: unknown) => problems.push(messageOf(asLicenseError(thrown), 'en')));
        await currentCertificate(store.reader, cid, clock.now()).catch((thrown: unknown) =>
          problems.push(messageOf(asLicenseError(thrown), 'en')),
        );
      }
    } catch (thrown) {
      problems.push(messageOf(asLicenseError(thrown), 'en'));
    }
    reply.code(problems.length === 0 ? 200 : 503);
    return problems.length === 0 ? { status: 'ready' } : { status: 'not ready', problems };
  });
}
