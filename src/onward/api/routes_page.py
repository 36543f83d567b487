"""The page that lists all routes. A short script of our own renders /openapi.json, so the page works without a network."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

_STYLE = """
:root{color-scheme:light dark;--line:color-mix(in srgb,currentColor 18%,transparent)}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h2{margin:2rem 0 .5rem;text-transform:capitalize;font-size:1.1rem}
details{border-top:1px solid var(--line);padding:.4rem 0}
summary{cursor:pointer;display:flex;gap:.75rem;align-items:baseline;flex-wrap:wrap}
code,pre{font:13px/1.45 ui-monospace,monospace}
pre{overflow:auto;border:1px solid var(--line);border-radius:.4rem;padding:.75rem}
b{min-width:4.2rem;font-weight:600}
small{opacity:.75}
"""

_SCRIPT = """
const make=(name,text,...inside)=>{const one=document.createElement(name);if(text)one.textContent=text;one.append(...inside);return one};
const json=value=>make('pre',JSON.stringify(value,null,2));
const shown=(spec,schema,depth=0)=>{
  if(!schema||depth>8)return null;
  if(schema.$ref)return shown(spec,spec.components.schemas[schema.$ref.split('/').pop()],depth+1);
  if(schema.examples?.length)return schema.examples[0];
  if('const' in schema)return schema.const;
  if(schema.enum)return schema.enum[0];
  const any=schema.anyOf||schema.oneOf;
  if(any)return shown(spec,any.find(one=>one.type!=='null')||any[0],depth+1);
  if(schema.type==='array')return [shown(spec,schema.items,depth+1)];
  if(schema.type==='object')
    return Object.fromEntries(Object.entries(schema.properties||{}).map(([name,one])=>[name,shown(spec,one,depth+1)]));
  return {string:'text',integer:1,number:1.5,boolean:true}[schema.type]??null;
};
const route=(spec,path,method,about)=>{
  const one=make('details','',make('summary','',make('b',method.toUpperCase()),make('code',path),make('small',about.summary)));
  one.addEventListener('toggle',()=>{
    if(one.childElementCount>1)return;
    if(about.description)one.append(make('p',about.description));
    for(const given of about.parameters||[])
      one.append(make('p','',make('code',`${given.name} (${given.in}${given.required?', required':''}) `),
        make('small',given.description||'')));
    for(const [type,body] of Object.entries(about.requestBody?.content||{}))
      one.append(make('p',`Send ${type}`),json(shown(spec,body.schema)));
    for(const [status,answer] of Object.entries(about.responses)){
      const body=answer.content?.['application/json'];
      one.append(make('p',`${status}: ${answer.description}`));
      if(body)one.append(json(body.example??shown(spec,body.schema)));
    }
  },{once:false});
  return one;
};
fetch('openapi.json').then(answer=>answer.json()).then(spec=>{
  const main=document.querySelector('main'),groups=new Map();
  for(const line of spec.info.description.split('\\n\\n'))main.append(make('p',line));
  for(const [path,methods] of Object.entries(spec.paths))for(const [method,about] of Object.entries(methods)){
    const noun=about.tags?.[0]||'other';
    if(!groups.has(noun))groups.set(noun,main.appendChild(make('section','',make('h2',noun))));
    groups.get(noun).append(route(spec,path,method,about));
  }
});
"""

HTML = (
    f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Onward: routes</title>'
    f"<style>{_STYLE}</style><body><h1>Onward: routes</h1><main></main><script>{_SCRIPT}</script></body></html>"
)


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


POLICY = (
    f"default-src 'none'; script-src {_digest(_SCRIPT)}; style-src {_digest(_STYLE)}; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""The page's content security policy: only its own script and style run, and it only connects to this server."""
