/** What the steps give back: counts, times and names. Plain JSON; no secret, token, subject or row content. */
export * from './plan';
export * from './copy';
export * from './evidence';
export * from './switchover';
export * from './acceptance';
export * from './report';
