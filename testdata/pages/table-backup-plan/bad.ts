import * as pulumi from "@pulumi/pulumi";
import * as aws from "@pulumi/aws";

const backupRole = new aws.iam.Role("backupRole", {
    name: "orders-backup",
    assumeRolePolicy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{
            Effect: "Allow",
            Action: "sts:AssumeRole",
            Principal: {
                Service: "backup.amazonaws.com",
            },
        }],
    }),
});
const backups = new aws.backup.Plan("backups", {
    name: "daily",
    rules: [{
        ruleName: "daily",
        targetVaultName: "Default",
        schedule: "cron(0 3 * * ? *)",
        lifecycle: {
            deleteAfter: 35,
        },
    }],
});
const selection = new aws.backup.Selection("selection", {
    name: "tagged",
    planId: backups.id,
    iamRoleArn: backupRole.arn,
    selectionTags: [{
        type: "STRINGEQUALS",
        key: "backup",
        value: "daily",
    }],
});
const orders = new aws.dynamodb.Table("orders", {
    name: "orders",
    billingMode: "PAY_PER_REQUEST",
    hashKey: "id",
    attributes: [{
        name: "id",
        type: "S",
    }],
    tags: {
        owner: "shop",
    },
    deletionProtectionEnabled: true,
    pointInTimeRecovery: {
        enabled: true,
    },
    serverSideEncryption: {
        enabled: true,
    },
});
