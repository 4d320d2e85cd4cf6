// The description in Swagger UI, and a box that signs in and shows the token with every call.
// The token is kept in memory only: it ends with the page.
'use strict';

// Whatever stands before /api/docs, a proxy's prefix too, is where the API is.
const root = location.pathname.replace(/\/api\/docs\/?$/, '');
const form = document.getElementById('sign-in');
const say = (text, refused) => {
  form.querySelector('output').textContent = text;
  form.querySelector('output').className = refused ? 'refused' : '';
};

const show = (description) => SwaggerUIBundle({
  spec: { ...description, servers: [{ url: location.origin + root }] },
  domNode: document.getElementById('api'),
  deepLinking: true,
  docExpansion: 'none',
  filter: true,
  tryItOutEnabled: true,
  validatorUrl: null,
});

const signIn = async (ui) => {
  const { username, password, driver } = form.elements;
  const answer = await fetch(`${root}/api/${driver.checked ? 'fleet/auth' : 'auth'}/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: username.value, password: password.value }),
  });
  const said = await answer.json();
  if (!answer.ok) return say(said.message, true);
  ui.preauthorizeApiKey('x-access-token', said.token);
  password.value = '';
  const who = said.user ?? { ...said.driver, role: 'driver' };
  return say(`${who.name} (${who.role}) is signed in`);
};

fetch(`${root}/api/openapi.json`)
  .then((answer) => answer.json())
  .then((description) => {
    const ui = show(description);
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      signIn(ui).catch((error) => say(String(error), true));
    });
  })
  .catch((error) => say(String(error), true));
