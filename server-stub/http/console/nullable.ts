import * as Type from 'typebox';

/** A value, or null where there is none. */
export const Nullable = <S extends Type.TSchema>(schema: S) => Type.Union([schema, Type.Null()]);
