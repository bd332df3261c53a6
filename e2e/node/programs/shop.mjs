// What documents are made of beside a table of the program's own: components, other regions and accounts, another version of the
// provider, secrets, resources got by an id.
import * as pulumi from "@pulumi/pulumi";
import * as aws from "@pulumi/aws";
import * as aws7 from "@pulumi/aws-7";
import { allow, table } from "./resources.mjs";

class Store extends pulumi.ComponentResource {
    constructor(name, options) {
        super("shop:index:Store", name, {}, options);
        this.arn = table(name, {}, { parent: this }).arn;
        new aws.iam.Policy(name, { policy: allow("dynamodb:GetItem", this.arn) }, { parent: this });
        this.registerOutputs({ arn: this.arn });
    }
}

export default async function shop() {
    const store = new Store("store");
    const document = aws.iam.getPolicyDocumentOutput({
        statements: [{ actions: ["dynamodb:Query"], resources: [store.arn] }],
    }, { dependsOn: [store] });
    new aws.iam.Policy("clerk", { policy: document.json });

    const west = new aws.Provider("west", { region: "us-west-2" });
    const china = new aws.Provider("china", { region: "cn-north-1", allowedAccountIds: ["444455556666"] });
    const archive = new aws.Provider("archive", {
        region: "eu-west-1",
        allowedAccountIds: ["555566667777"],
        assumeRole: { roleArn: "arn:aws:iam::555566667777:role/deployer" },
    });
    const tables = {
        store,
        west: table("west", {}, { provider: west }),
        china: table("china", {}, { provider: china }),
        archive: table("archive", {}, { provider: archive }),
        frankfurt: table("frankfurt", { region: "eu-central-1" }, {}, aws7),
        hidden: table("hidden", { name: pulumi.secret("hush-hush") }),
    };
    for (const name of ["west", "frankfurt", "hidden"]) {
        new aws.iam.Policy(name, { policy: allow("dynamodb:GetItem", tables[name].arn) });
    }

    // What is got by the id of a new resource is known by its id alone.
    const role = new aws.iam.Role("courier", { name: "courier", assumeRolePolicy: allow("sts:AssumeRole") });
    const same = aws.iam.Role.get("same", role.id);
    const again = aws.dynamodb.Table.get("again", tables.west.id, {}, { provider: west });
    new aws.iam.RolePolicy("courier", { role: same.id, policy: allow("dynamodb:GetItem", tables.west.arn) });
    new aws.iam.Policy("again", { policy: allow("dynamodb:GetItem", again.arn) });

    return { ...Object.fromEntries(Object.entries(tables).map(([name, made]) => [name, made.arn])), role: same.id };
}
