/** Numbers as the console shows them. */

export const count = (number) => (number ?? 0).toLocaleString();
export const rate = (number) => (number ?? 0).toLocaleString(undefined, { maximumFractionDigits: 1 });
export const megabytes = (bytes) => `${Math.round((bytes ?? 0) / 1_048_576).toLocaleString()} MB`;
