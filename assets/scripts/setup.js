// The code of the setup comes behind a # from the code on the box's screen, so that no log ever has it: it goes into the form, and out
// of the address.

export default function setup(form) {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (!code) return;
  history.replaceState(history.state, "", location.pathname + location.search);
  const field = form.elements.code;
  if (!field.value) field.value = code;
}
