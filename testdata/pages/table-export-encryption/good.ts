import * as pulumi from "@pulumi/pulumi";
import * as aws from "@pulumi/aws";

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
    },
});
const key = new aws.kms.Key("key", {
    description: "of the orders",
    enableKeyRotation: true,
});
const _export = new aws.dynamodb.TableExport("export", {
    tableArn: orders.arn,
    s3Bucket: "orders-exports",
    s3BucketOwner: "111122223333",
    s3SseAlgorithm: "KMS",
    s3SseKmsKeyId: key.arn,
});
