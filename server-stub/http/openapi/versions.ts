/** Versions of the OpenAPI; both are served alike where the contract lists both. */
export const VERSIONS = ['v1', 'v2'] as const;
