/** The file that is saved. */
export const SETTINGS_FILE = 'settings.json';
/** Saved with the same recipe before the recording begins. */
export const WARM_UP_FILE = 'warm-up';
/** The file that the other program writes and syncs. */
export const NEIGHBOUR_FILE = 'neighbour.db';
/** The other program's file is filled with this text. */
export const NEIGHBOUR_TEXT = 'neighbour ';
