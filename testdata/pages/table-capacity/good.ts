import * as pulumi from "@pulumi/pulumi";
import * as aws from "@pulumi/aws";

const orders = new aws.dynamodb.Table("orders", {
    name: "orders",
    billingMode: "PROVISIONED",
    readCapacity: 5,
    writeCapacity: 5,
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
const readTarget = new aws.appautoscaling.Target("readTarget", {
    serviceNamespace: "dynamodb",
    resourceId: pulumi.interpolate`table/${orders.name}`,
    scalableDimension: "dynamodb:table:ReadCapacityUnits",
    minCapacity: 5,
    maxCapacity: 100,
});
const readScaling = new aws.appautoscaling.Policy("readScaling", {
    name: "orders-read",
    policyType: "TargetTrackingScaling",
    serviceNamespace: readTarget.serviceNamespace,
    resourceId: readTarget.resourceId,
    scalableDimension: readTarget.scalableDimension,
    targetTrackingScalingPolicyConfiguration: {
        targetValue: 70,
        predefinedMetricSpecification: {
            predefinedMetricType: "DynamoDBReadCapacityUtilization",
        },
    },
});
const writeTarget = new aws.appautoscaling.Target("writeTarget", {
    serviceNamespace: "dynamodb",
    resourceId: pulumi.interpolate`table/${orders.name}`,
    scalableDimension: "dynamodb:table:WriteCapacityUnits",
    minCapacity: 5,
    maxCapacity: 100,
});
const writeScaling = new aws.appautoscaling.Policy("writeScaling", {
    name: "orders-write",
    policyType: "TargetTrackingScaling",
    serviceNamespace: writeTarget.serviceNamespace,
    resourceId: writeTarget.resourceId,
    scalableDimension: writeTarget.scalableDimension,
    targetTrackingScalingPolicyConfiguration: {
        targetValue: 70,
        predefinedMetricSpecification: {
            predefinedMetricType: "DynamoDBWriteCapacityUtilization",
        },
    },
});
