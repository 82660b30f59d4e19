import { grantDocument } from '#core/documents/grant.ts';
import { issuerCertificateDocument } from '#core/documents/issuer-certificate.ts';
import { typeOf } from '#core/documents/signed-document.ts';
import type { ExitCode } from '#core/error-table.ts';
import { LicenseError } from '#core/errors.ts';
import { answer, type Terminal } from '#core/host/cli.ts';
import { readTextFile } from '#core/host/files.ts';
import { table } from '#core/host/table.ts';
import { localDay } from '#core/local-time.ts';
import { type CertificateImport, importCertificate } from '../licensing/import-certificate.ts';
import { type GrantImport, importGrant } from '../licensing/import-grant.ts';
import { newestCertificate } from '../licensing/issuer.ts';
import { keyOfCertificate } from '../licensing/signer-of.ts';
import { pendingServerKey, promoteServerKey } from '../server-keys.ts';
import type { Store } from '../store/database.ts';
import { type CommandContext, now, operator, withStore } from './context.ts';

/** Once every company has a certificate for the next key, that is the server's key. */
async function settleKeys({ reader }: Store, stateDir: string): Promise<void> {
  const next = pendingServerKey(stateDir);
  if (next === undefined) return;
  for (const { cid } of await reader.selectFrom('company').select('cid').execute()) {
    const certificate = await newestCertificate(reader, cid);
    if (certificate === undefined || keyOfCertificate(certificate.document) !== next.thumbprint) return;
  }
  promoteServerKey(stateDir);
}

/** `license-server import FILE`: a grant or an issuer certificate, whichever the file holds. */
export async function importFile(context: CommandContext, file: string): Promise<ExitCode> {
  const document = readTextFile(file, grantDocument.maxBytes + 2).trim();
  const typ = typeOf(document);
  const imported = await withStore(context, async (store, { roots, serverId, key, otherKeys }) => {
    const taken = await store.write<CertificateImport | GrantImport>(now(), async (transaction) => {
      switch (typ) {
        case grantDocument.typ:
          return importGrant(transaction, document, [roots.root], serverId, operator(context));
        case issuerCertificateDocument.typ:
          return importCertificate(
            transaction,
            document,
            [roots.root],
            { serverId, key, otherKeys },
            operator(context),
          );
        default:
          throw new LicenseError('document_wrong_type', {
            where: `${grantDocument.typ} / ${issuerCertificateDocument.typ}`,
            typ,
            alg: '-',
          });
      }
    });
    await settleKeys(store, context.config.stateDir);
    return taken;
  });
  const { terminal, config } = context;
  answer(terminal, imported, describe(imported, config.zone, terminal));
  return 0;
}

function describe(
  imported: CertificateImport | GrantImport,
  zone: string,
  { language, columns }: Terminal,
): string {
  const words = WORDS[language];
  const again = imported.changed ? '' : `\n${words.again}`;
  if (imported.kind === 'certificate') {
    const { serial, cid, exp } = imported;
    const facts = [
      [words.certificate, String(serial)],
      [words.company, cid],
      [words.until, localDay(exp, zone)],
    ];
    return `${table(facts)}${again}`;
  }
  const { grantId, cid, lines } = imported;
  const facts = [
    [words.grant, grantId],
    [words.company, cid],
  ];
  const rows = lines.map(({ kind, pid, count, appId }) => [words[kind], pid, count, appId ?? words.shared]);
  const list = rows.length === 0 ? '' : `\n${table([words.head, ...rows], { columns })}`;
  return `${table(facts)}${list}${again}`;
}

const WORDS = {
  en: {
    certificate: 'Certificate',
    grant: 'Grant',
    company: 'Company',
    until: 'Valid until',
    head: ['Line', 'PID', 'Count', 'App'],
    purchase: 'purchase',
    renewal: 'renewal',
    shared: 'shared',
    again: 'It was imported before; nothing changed.',
  },
  zh: {
    certificate: '签发证书',
    grant: '授权',
    company: '企业',
    until: '有效期至',
    head: ['类型', 'PID', '数量', 'App'],
    purchase: '购买',
    renewal: '续期',
    shared: '共享',
    again: '此前已导入过，未做更改。',
  },
};
