// A client that others wrote (npm's epcis2.js) at a repository: node epcis_foreign.js URL TOKEN.
// It makes events, captures them, asks for them and reads them again; says so as JSON.
const epcis = require('epcis2.js');

const [url, token] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${token}` };
const context = [epcis.defaultSettings.EPCISDocumentContext, { ex: 'https://example.com/ns/' }];
const { bizSteps, sensorMeasurementTypes } = epcis.cbv;
const link = 'https://id.gs1.org/01/09506000134307/21/';
const readPoint = { id: 'https://id.gs1.org/414/9506000000015' };

epcis.setup({ apiUrl: url, headers: { ...headers, 'content-type': 'application/json' } });

function made(type, bizStep, more) {
  return new epcis[type]({ type, eventTime: '2026-01-02T03:04:05.123Z',
    eventTimeZoneOffset: '+01:00', bizStep, readPoint, ...more });
}

const events = [
  made('ObjectEvent', bizSteps.commissioning, { action: 'ADD', disposition: 'active',
    ilmd: { 'ex:grade': 'A' }, 'ex:note': { 'ex:by': 'me' } }).addEPC(`${link}1`).addEPC(`${link}2`),
  made('AggregationEvent', bizSteps.packing, { action: 'ADD',
    parentID: 'https://id.gs1.org/00/095060000000000015', childEPCs: [`${link}1`],
    bizTransactionList: [{ type: 'po', bizTransaction: 'urn:example:po:7' }] }),
  made('TransformationEvent', bizSteps.repackaging, { inputEPCList: [`${link}1`],
    outputQuantityList: [{ epcClass: 'urn:epc:class:lgtin:9506000.013430.L1', quantity: 2.5,
      uom: 'KGM' }] }),
  made('AssociationEvent', bizSteps.assembling, { action: 'ADD', parentID: `${link}2`,
    childEPCs: ['urn:epc:id:sgtin:9506000.013430.5'] }),
  made('ObjectEvent', bizSteps.sensor_reporting, { action: 'OBSERVE', sensorElementList: [{
    sensorMetadata: { deviceID: 'https://id.gs1.org/8004/950600077' },
    sensorReport: [{ type: sensorMeasurementTypes.temperature, value: 4.5, uom: 'CEL' }] }] }),
];

function documentOf(list) {
  const document = new epcis.EPCISDocument({ '@context': context,
    creationDate: '2026-01-02T03:04:05Z' });
  list.forEach((event) => document.addEvent(event));
  document.isValid(); // throws where it is not
  return document;
}

const ask = async (at) => (await fetch(at, { headers })).json();

async function main() {
  const hashes = events.map((event) => epcis.eventToHashedId(event.toObject(), context[1]));
  const answer = await epcis.capture(documentOf(events));
  if (answer.status !== 202) throw new Error(await answer.text());
  const at = new URL(answer.headers.get('location'), url);
  let job = await ask(at);
  while (job.running) job = await ask(at);
  const found = (await ask(`${url}/events`)).epcisBody.queryResults.resultsBody.eventList;
  documentOf(found.map((event) => epcis.objectToEvent(event)));
  console.log(JSON.stringify({ job, found, hashes,
    sent: events.map((event) => event.toObject()) }));
}

main().catch((error) => { console.error(error); process.exitCode = 1; });
