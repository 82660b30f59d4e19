/** Every key of agent.toml by name, for commands that must not load the schema to notice one that is none. */
export const CONFIG_KEYS = [
  'stateDir',
  'runtimeDir',
  'vendorRootsFile',
  'licenseKeyStrategy',
  'licenseKeyFile',
  'licenseKeyValue',
  'identityFile',
  'ownLicense',
  'accountActivation',
  'refreshIntervalSeconds',
  'requestTimeoutSeconds',
  'persistIntervalSeconds',
  'logLevel',
] as const;
