import { Spin } from 'antd';
import { useSession } from '../data/session.ts';
import { ChoosePassword } from '../pages/choose-password.tsx';
import { SignIn } from '../pages/sign-in.tsx';
import { Failure } from './failure.tsx';
import { Shell } from './shell.tsx';

/** Lets in who is signed in and has a password of their own. */
export function Gate() {
  const { session, error, refetch } = useSession();
  if (error !== null && session === undefined) return <Failure error={error} again={() => void refetch()} />;
  if (session === undefined) return <Spin fullscreen />;
  if (session === null) return <SignIn />;
  if (session.mustChangePassword) return <ChoosePassword />;
  return <Shell session={session} />;
}
