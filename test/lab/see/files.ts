/** The file that is saved. */
export const SETTINGS_FILE = 'settings.json';
/** Saved before the recording begins, by the same recipe. */
export const WARM_UP_FILE = 'warm-up';
/** What the other program writes and syncs. */
export const NEIGHBOUR_FILE = 'neighbour.db';
/** With this all the other program's file is filled. */
export const NEIGHBOUR_TEXT = 'neighbour ';
