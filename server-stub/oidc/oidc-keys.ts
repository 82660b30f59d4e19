import * as Type from 'typebox';
import { Cid } from '#core/shapes.ts';
import { ROLES } from '../users/role.ts';

const Text = (description: string, more: { default?: string; pattern?: string } = {}) =>
  Type.String({ description, default: '', maxLength: 2048, ...more });

/** One item of `oidcRoles`: what a group of the directory may do here. */
export const OidcRole = Type.Object({
  group: Type.String({
    description: 'A group, as the claim `oidcRoleClaim` spells it.',
    minLength: 1,
    maxLength: 256,
  }),
  role: Type.Enum([...ROLES], { description: 'What its members may do in the Console.' }),
  cid: Type.Optional(
    Type.String({
      ...Cid,
      description: 'The one company that they see; not set: all. Not with `admin`.',
    }),
  ),
});
export type OidcRole = Type.Static<typeof OidcRole>;

/** Keys of the configuration: signing in to the Console through a directory that speaks OpenID Connect. */
export const oidcKeys = {
  oidcIssuer: Text(
    'Directory that people may sign in to the Console through (OpenID Connect): its issuer, `https://…` exactly as it names itself; http:// on this machine alone. Empty: passwords only.',
    { pattern: '^$|^https?://' },
  ),
  oidcClientId: Text('Name under which the directory knows this server; needed with `oidcIssuer`.'),
  oidcClientSecretFile: Text(
    "File (0600) that holds the client's secret; empty: a public client, which PKCE alone protects.",
  ),
  oidcName: Text('Name of the directory on the button of the sign-in page.'),
  oidcConsoleUrl: Text(
    'Address of this server as browsers open the Console, `https://licenses.example.edu`; behind a proxy needed. Empty: the one that the browser asks.',
    { pattern: '^$|^https?://[^/?#]+$' },
  ),
  oidcScope: Text('What is asked of the directory; the claims below must come with it.', {
    default: 'openid profile',
    pattern: '(^| )openid( |$)',
  }),
  oidcNameClaim: Text(
    'Claim that holds the user name; `email` counts only where the directory says that it is verified.',
    { default: 'preferred_username', pattern: '.' },
  ),
  oidcRoleClaim: Text("Claim that holds a person's groups: a text, or a list of texts.", {
    default: 'groups',
    pattern: '.',
  }),
  oidcRoles: Type.Array(OidcRole, {
    description:
      'What members of groups may do: tables `[[oidcRoles]]`, see below; the first that fits holds. Empty: only users whom an administrator added may sign in.',
    default: [],
    maxItems: 64,
  }),
  oidcCaFile: Text(
    'PEM file of certificate authorities to trust for the directory, instead of those of the machine.',
  ),
};
