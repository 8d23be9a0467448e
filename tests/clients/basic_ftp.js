// What tests/clients/test_tls_basic_ftp.py has basic-ftp do:
// node basic_ftp.js PACKAGE PORT AUTHORITY USER PASSWORD VERSION SECURE, in a directory with a tree "from" in it.
"use strict";
const [, , location, port, authority, user, password, version, secure] = process.argv;
const { Client } = require(location);
const fs = require("fs");

async function run() {
    const client = new Client(30000);
    const tls = `TLSv${version}`;
    await client.access({
        host: "localhost",
        port: Number(port),
        user,
        password,
        secure: secure === "implicit" ? "implicit" : true,
        secureOptions: { ca: fs.readFileSync(authority), minVersion: tls, maxVersion: tls },
    });
    await client.uploadFromDir("from", "to");
    await client.downloadToDir("back", "/to");
    for (let i = 0; i < 50; i++) {
        await client.uploadFrom("from/large", "/large");
        await client.downloadTo("large", "/large");
    }
    await client.appendFrom("from/large", "/large");
    console.log(`size ${await client.size("/large")}`);
    console.log(`names ${(await client.list("/")).map((entry) => entry.name).sort().join(" ")}`);
    await client.removeDir("/to");
    client.close();
}

run().catch((error) => {
    console.error(error);
    process.exit(1);
});
