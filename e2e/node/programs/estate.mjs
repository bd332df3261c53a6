// Forty resources written well, whose policy documents are all written in one of the forms of documents.mjs.
import * as pulumi from "@pulumi/pulumi";
import * as aws from "@pulumi/aws";
import { forms } from "./documents.mjs";

export default async function estate(form) {
    const write = forms[form];
    const account = (await aws.getCallerIdentity()).accountId;

    const key = (name, more = {}) => {
        const made = new aws.kms.Key(name, {
            ...more,
            enableKeyRotation: true,
            policy: write([{
                sid: "Administration",
                principals: [{ type: "AWS", identifiers: [`arn:aws:iam::${account}:root`] }],
                actions: ["kms:*"],
                resources: ["*"],
            }]),
        });
        new aws.kms.Alias(name, { name: `alias/shop-${name}`, targetKeyId: made.keyId });
        return made;
    };
    const data = key("data", { multiRegion: true });
    const messages = key("messages");
    const secrets = key("secrets");

    const table = (name, more = {}) => new aws.dynamodb.Table(name, {
        name: `shop-${name}`,
        billingMode: "PAY_PER_REQUEST",
        hashKey: "id",
        attributes: [{ name: "id", type: "S" }],
        pointInTimeRecovery: { enabled: true },
        serverSideEncryption: { enabled: true, kmsKeyArn: data.arn },
        ...more,
    });
    const west = new aws.Provider("west", { region: "us-west-2" });
    const replicated = new aws.kms.ReplicaKey("data", { primaryKeyArn: data.arn }, { provider: west });
    const orders = table("orders", {
        streamEnabled: true,
        streamViewType: "NEW_AND_OLD_IMAGES",
        replicas: [{ regionName: "us-west-2", kmsKeyArn: replicated.arn, pointInTimeRecovery: true }],
    });
    const carts = table("carts");
    const ledger = table("ledger");

    const deadLetters = new aws.sqs.Queue("dead-letters", { name: "shop-dead-letters", kmsMasterKeyId: messages.arn });
    const placed = new aws.sqs.Queue("placed", {
        name: "shop-placed",
        kmsMasterKeyId: messages.arn,
        redrivePolicy: pulumi.jsonStringify({ deadLetterTargetArn: deadLetters.arn, maxReceiveCount: 5 }),
    });
    const shipped = new aws.sns.Topic("shipped", { name: "shop-shipped", kmsMasterKeyId: messages.arn });
    const payment = new aws.secretsmanager.Secret("payment", { name: "shop/payment", kmsKeyId: secrets.arn });
    const mail = new aws.secretsmanager.Secret("mail", { name: "shop/mail", kmsKeyId: secrets.arn });
    const receipts = new aws.s3.BucketV2("receipts", { bucket: `shop-receipts-${account}` });
    const artifacts = new aws.s3.BucketV2("artifacts", { bucket: `shop-artifacts-${account}` });
    new aws.s3.BucketPublicAccessBlock("receipts", { bucket: receipts.id, blockPublicAcls: true, blockPublicPolicy: true });

    const role = (name, principals, conditions, action = "sts:AssumeRole") => new aws.iam.Role(name, {
        name: `shop-${name}`,
        assumeRolePolicy: write([{ sid: "Trust", principals, actions: [action], conditions }]),
    });
    const allow = (name, role, statements) => new aws.iam.RolePolicy(name, { role: role.name, policy: write(statements) });
    const service = (name) => [{ type: "Service", identifiers: [`${name}.amazonaws.com`] }];

    const duty = (name, statements) => {
        const logs = new aws.cloudwatch.LogGroup(name, { name: `/aws/lambda/shop-${name}`, retentionInDays: 30 });
        const own = role(name, service("lambda"));
        allow(name, own, [
            { sid: "Logs", actions: ["logs:CreateLogStream", "logs:PutLogEvents"], resources: [pulumi.interpolate`${logs.arn}:*`] },
            ...statements,
        ]);
        return new aws.lambda.Function(name, {
            name: `shop-${name}`,
            role: own.arn,
            runtime: "nodejs22.x",
            handler: "index.handler",
            code: new pulumi.asset.AssetArchive({ "index.js": new pulumi.asset.StringAsset("exports.handler = async () => {}") }),
        });
    };
    const decrypt = (sid, key) => ({ sid, actions: ["kms:Decrypt", "kms:GenerateDataKey"], resources: [key.arn] });
    const checkout = duty("checkout", [
        { sid: "Orders", actions: ["dynamodb:PutItem", "dynamodb:GetItem"], resources: [orders.arn] },
        { sid: "Carts", actions: ["dynamodb:Query", "dynamodb:DeleteItem"], resources: [carts.arn, pulumi.interpolate`${carts.arn}/index/*`] },
        { sid: "Queue", actions: ["sqs:SendMessage"], resources: [placed.arn] },
        { sid: "Payment", actions: ["secretsmanager:GetSecretValue"], resources: [payment.arn] },
        decrypt("Key", data),
    ]);
    const shipping = duty("shipping", [
        { sid: "Stream", actions: ["dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:DescribeStream"], resources: [orders.streamArn] },
        { sid: "Topic", actions: ["sns:Publish"], resources: [shipped.arn] },
        { sid: "Mail", actions: ["secretsmanager:GetSecretValue"], resources: [mail.arn] },
        { sid: "Receipts", actions: ["s3:PutObject"], resources: [pulumi.interpolate`${receipts.arn}/*`] },
    ]);
    new aws.lambda.EventSourceMapping("shipping", {
        eventSourceArn: orders.streamArn, functionName: shipping.arn, startingPosition: "LATEST",
    });

    const github = new aws.iam.OpenIdConnectProvider("github", {
        url: "https://token.actions.githubusercontent.com", clientIdLists: ["sts.amazonaws.com"],
    });
    const deployer = role("deployer", [{ type: "Federated", identifiers: [github.arn] }], [
        { test: "StringEquals", variable: "token.actions.githubusercontent.com:sub", values: ["repo:shop/shop:ref:refs/heads/main"] },
    ], "sts:AssumeRoleWithWebIdentity");
    allow("deployer", deployer, [
        { sid: "Functions", actions: ["lambda:UpdateFunctionCode"], resources: [checkout.arn, shipping.arn] },
        { sid: "Artifacts", actions: ["s3:GetObject"], resources: [pulumi.interpolate`${artifacts.arn}/*`] },
        { sid: "Table", actions: ["dynamodb:DescribeTable"], resources: [orders.arn, carts.arn, ledger.arn] },
    ]);

    const vault = new aws.backup.Vault("backups", { name: "shop-backups", kmsKeyArn: data.arn });
    const plan = new aws.backup.Plan("nightly", {
        name: "shop-nightly",
        rules: [{ ruleName: "nightly", targetVaultName: vault.name, schedule: "cron(0 3 * * ? *)" }],
    });
    const keeper = role("keeper", service("backup"));
    allow("keeper", keeper, [
        { sid: "Tables", actions: ["dynamodb:DescribeTable", "dynamodb:CreateBackup"], resources: [orders.arn, ledger.arn] },
        { sid: "Vault", actions: ["backup:CopyIntoBackupVault"], resources: [vault.arn] },
        decrypt("Key", data),
    ]);
    new aws.backup.Selection("tables", {
        name: "shop-tables", planId: plan.id, iamRoleArn: keeper.arn, resources: [orders.arn, ledger.arn],
    });

    const auditing = new aws.iam.Policy("auditors", {
        name: "shop-auditors",
        policy: write([
            { sid: "Ledger", actions: ["dynamodb:GetItem", "dynamodb:Query"], resources: [ledger.arn] },
            { sid: "Backups", actions: ["backup:DescribeBackupVault"], resources: [vault.arn] },
        ]),
    });
    const auditors = new aws.iam.Group("auditors", { name: "shop-auditors" });
    new aws.iam.GroupPolicyAttachment("auditors", { group: auditors.name, policyArn: auditing.arn });
    new aws.dynamodb.ResourcePolicy("ledger", {
        resourceArn: ledger.arn,
        policy: write([{
            sid: "Keeper",
            principals: [{ type: "AWS", identifiers: [keeper.arn] }],
            actions: ["dynamodb:DescribeTable"],
            resources: [ledger.arn],
        }]),
    });
    new aws.sqs.QueuePolicy("placed", {
        queueUrl: placed.url,
        policy: write([{
            sid: "Checkout",
            principals: [{ type: "AWS", identifiers: [deployer.arn] }],
            actions: ["sqs:GetQueueAttributes"],
            resources: [placed.arn],
        }]),
    });
}
