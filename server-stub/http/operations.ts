import type { FastifyInstance } from 'fastify';
import { asLicenseError, type Bilingual } from '#core/errors.ts';
import { currentCertificate } from '../licensing/certificates.ts';
import { signerOf } from '../licensing/signer-of.ts';
import { AuditTrail } from '../store/audit.ts';
import { exposedMessage, languageOf } from './problems.ts';
import type { Services } from './services.ts';

const NO_GRANT: Bilingual = { en: 'no grant was imported yet', zh: '尚未导入授权' };

/** For those who run the server: /healthz (the process answers), /readyz (it can issue). */
export function operationsRoutes(app: FastifyInstance, { store, clock, issuer }: Services): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (request, reply) => {
    const language = languageOf(request);
    const problems: string[] = [];
    const note = (thrown: unknown) => problems.push(exposedMessage(asLicenseError(thrown), language));
    try {
      const companies = await store.reader.selectFrom('company').select('cid').execute();
      if (companies.length === 0) problems.push(NO_GRANT[language]);
      for (const { cid } of companies) {
        await new AuditTrail(store.reader, clock.now()).timeOf(cid).catch(note);
        await currentCertificate(store.reader, cid, clock.now())
          .then((certificate) => signerOf(issuer, certificate))
          .catch(note);
      }
    } catch (thrown) {
      note(thrown);
    }
    reply.code(problems.length === 0 ? 200 : 503);
    return problems.length === 0 ? { status: 'ready' } : { status: 'not ready', problems };
  });
}
