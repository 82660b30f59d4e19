import type { Kysely } from 'kysely';
import { adoptSuccession, type KnownRoots, type RootSuccession } from '#core/documents/root-succession.ts';
import type { Schema } from '../store/schema.ts';

/**
 * The vendor's roots as this server knows them: those that it was made with, and what took their place since. Servers
 * on one database share it.
 *
 * @throws `root_succession_invalid` where the rows do not lead on from the pinned roots
 */
export async function vendorRoots(db: Kysely<Schema>, pinned: KnownRoots): Promise<KnownRoots> {
  const chain = await db.selectFrom('root_succession').select(['root', 'spare']).orderBy('version').execute();
  return adoptSuccession(pinned, chain);
}

/** What devices are told beside a certificate: how the first root led to the one that it is under. */
export class RootChain {
  readonly #db: Kysely<Schema>;
  readonly #pinned: KnownRoots;
  #known: KnownRoots;

  constructor(db: Kysely<Schema>, pinned: KnownRoots) {
    this.#db = db;
    this.#pinned = pinned;
    this.#known = pinned;
  }

  /**
   * The successions up to a root; none where it is the first.
   *
   * @param kid thumbprint of the root that signed a certificate of ours
   */
  async leadingTo(kid: string): Promise<RootSuccession> {
    // Another process may have imported what leads there.
    if (!isKnown(this.#known, kid)) this.#known = await vendorRoots(this.#db, this.#pinned);
    const { all, rootSuccession } = this.#known;
    const newer = all.findIndex(({ thumbprint }) => thumbprint === kid);
    return newer === -1 ? [] : rootSuccession.slice(0, all.length - 1 - newer);
  }
}

function isKnown({ all }: KnownRoots, kid: string): boolean {
  return all.some(({ thumbprint }) => thumbprint === kid);
}
