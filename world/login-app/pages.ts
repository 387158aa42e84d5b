import { Html, html } from './html';

export interface FormFields {
  readonly challenge: string;
  readonly csrf: string;
}

const STYLE = `body{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
h1{font-size:1.5rem}label{display:block;margin:.75rem 0}input[type=text],input[type=password]{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.5rem;border:1px solid #555}
button{font:inherit;padding:.5rem 1rem;margin:.5rem .5rem 0 0}.problem{border-left:.25rem solid #b00020;padding-left:.75rem;color:#b00020}`;

/** The text between the style tags, for the Content-Security-Policy that allows nothing else. */
export const PAGE_STYLE = STYLE;

const styleElement = new Html(`<style>${STYLE}</style>`);

function page(title: string, body: Html): Html {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        ${styleElement}
      </head>
      <body>
        <main>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html>`;
}

export interface LoginPage extends FormFields {
  readonly clientName: string;
  readonly username: string;
  readonly problem?: string;
}

export function loginPage(view: LoginPage): Html {
  return page(
    'Log in',
    html`${problem(view.problem)}
      <p>to go on to <strong>${view.clientName}</strong></p>
      <form method="post" action="/login">
        ${hidden('login_challenge', view)}
        <label for="username"
          >User name
          <input
            type="text"
            id="username"
            name="username"
            value="${view.username}"
            autocomplete="username"
            maxlength="200"
            autofocus
        /></label>
        <label for="password"
          >Password <input type="password" id="password" name="password" autocomplete="current-password"
        /></label>
        <label for="remember"><input type="checkbox" id="remember" name="remember" value="1" /> Remember me</label>
        <button type="submit" name="action" value="accept">Log in</button>
        <button type="submit" name="action" value="reject" formnovalidate>Do not log in</button>
      </form>`,
  );
}

export interface ConsentPage extends FormFields {
  readonly clientName: string;
  readonly subject: string;
  readonly scopes: readonly string[];
  readonly audiences: readonly string[];
}

export function consentPage(view: ConsentPage): Html {
  return page(
    'Allow access',
    html`<p><strong>${view.clientName}</strong> asks for access to the account <strong>${view.subject}</strong>:</p>
      <ul>
        ${view.scopes.map((scope) => html`<li>${scope}</li>`)}
      </ul>
      ${view.audiences.length === 0 ? html`` : html`<p>to be used at: ${view.audiences.join(', ')}</p>`}
      <form method="post" action="/consent">
        ${hidden('consent_challenge', view)}
        <label for="remember"
          ><input type="checkbox" id="remember" name="remember" value="1" /> Do not ask me again for this
          application</label
        >
        <button type="submit" name="action" value="accept">Allow</button>
        <button type="submit" name="action" value="reject">Deny</button>
      </form>`,
  );
}

export function logoutPage(view: FormFields & { readonly subject: string }): Html {
  return page(
    'Log out',
    html`<p>Do you want to log out <strong>${view.subject}</strong>?</p>
      <form method="post" action="/logout">
        ${hidden('logout_challenge', view)}
        <button type="submit" name="action" value="accept">Log out</button>
        <button type="submit" name="action" value="reject">Stay logged in</button>
      </form>`,
  );
}

/** A page that only says something. `code` is a machine-readable reason, shown small. */
export function messagePage(title: string, message: string, code?: string): Html {
  return page(
    title,
    html`<p>${message}</p>
      ${code === undefined ? html`` : html`<p><code>${code}</code></p>`}`,
  );
}

function problem(text: string | undefined): Html {
  return text === undefined ? html`` : html`<p class="problem" role="alert">${text}</p>`;
}

function hidden(name: string, view: FormFields): Html {
  return html`<input type="hidden" name="csrf" value="${view.csrf}" />
    <input type="hidden" name="${name}" value="${view.challenge}" />`;
}
