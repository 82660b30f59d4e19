import * as Type from 'typebox';
import { Nullable } from './nullable.ts';

/** How one may sign in beside a password, and in words why the last time failed. */
export const Ways = Type.Object({
  directory: Nullable(Type.Object({ name: Type.String(), url: Type.String() })),
  failure: Nullable(Type.String()),
});
export type Ways = Type.Static<typeof Ways>;
