// AWSGuard with its one rule on DynamoDB, and no other.
const { AwsGuard } = require("@pulumi/awsguard");

new AwsGuard({ all: "disabled", dynamodbTableEncryptionEnabled: "mandatory" });
