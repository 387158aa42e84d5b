/** In the archive what becomes of objects stands under this in place of a cleaning rule. */
export const ADAPTATION_ID = 'schema';
