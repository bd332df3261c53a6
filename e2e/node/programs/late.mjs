// A program that is still at work when a lookup has had its preview started again, and fails then.
import { setTimeout } from "node:timers/promises";
import * as aws from "@pulumi/aws";
import { table } from "./resources.mjs";

let first, begins;
const second = new Promise((resolve) => (begins = resolve));

export default async function late() {
    aws.dynamodb.getTableOutput({ name: table("orders").name });
    if (!first) {
        // The other run begins once this one has ended, so it cannot be waited for alone.
        first = Promise.race([second, setTimeout(5000)]).then(() => aws.getCallerIdentity());
        await first;
    }
    begins();
    await first.catch(() => {}); // the other run does not end before it
}
