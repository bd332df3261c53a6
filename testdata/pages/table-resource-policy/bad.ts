import * as pulumi from "@pulumi/pulumi";
import * as aws from "@pulumi/aws";

const key = new aws.kms.Key("key", {
    description: "of the orders",
    enableKeyRotation: true,
});
const orders = new aws.dynamodb.Table("orders", {
    name: "orders",
    billingMode: "PAY_PER_REQUEST",
    hashKey: "id",
    attributes: [{
        name: "id",
        type: "S",
    }],
    deletionProtectionEnabled: true,
    pointInTimeRecovery: {
        enabled: true,
    },
    serverSideEncryption: {
        enabled: true,
        kmsKeyArn: key.arn,
    },
});
const sharing = new aws.dynamodb.ResourcePolicy("sharing", {
    resourceArn: orders.arn,
    policy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [{
            Effect: "Allow",
            Principal: {
                AWS: "arn:aws:iam::444455556666:role/reporting",
            },
            Action: "dynamodb:GetItem",
            Resource: orders.arn,
        }],
    }),
});
