/** Where one is in the console, as its address says it: `#people`, `#people/7`, `#rooms/4`, `#reports`. */

/** The section that a hash leads to, and what is open in it ("" for nothing). */
export function placeOf(hash) {
  const [section, ...rest] = hash.replace(/^#/, "").split("/");
  return { section, id: rest.join("/") };
}

export const addressOfPerson = (id) => `#people/${id}`;
export const addressOfStaffRoom = (id) => `#rooms/${id}`;
export const addressOfReport = (id) => `#reports/${id}`;
