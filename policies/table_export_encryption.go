package policies

import (
	"dynamoguard/internal/facts"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/soc2"
)

// TableExportEncryption asks that a copy of a table outside DynamoDB is under a key whose use can be seen, in a bucket whose owner
// was said.
var TableExportEncryption = &policy.Policy{
	Name:  "table-export-encryption",
	Title: "Exports of tables are encrypted with a KMS key, and go to a bucket of a known owner",
	Doc: `
		Reports a TableExport that is not encrypted with a key of KMS, so with one that S3 owns, and one that does not say whose its
		bucket is: a bucket that was deleted, and made anew by somebody else, would take the export.`,
	Before: `
tableArn: arn:aws:dynamodb:us-east-1:111122223333:table/orders
s3Bucket: orders-exports`,
	After: `
tableArn: arn:aws:dynamodb:us-east-1:111122223333:table/orders
s3Bucket: orders-exports
s3BucketOwner: "111122223333"
s3SseAlgorithm: KMS
s3SseKmsKeyId: arn:aws:kms:us-east-1:111122223333:key/0e2cd5a2-1111-2222-3333-444455556666`,
	Why: "An export is a copy of the whole table, outside of what protects the table.",
	Silent: [][2]string{
		{"Exports that are made by hand or by a schedule", "They are no resources: iam-sensitive-action reports who may make them."},
		{"Which key of KMS it is", "Any key can be audited."},
		{"The encryption of the bucket", "An export names its own."},
	},
	Remediation: "Set s3SseAlgorithm to KMS, s3SseKmsKeyId to a key, and s3BucketOwner to the account of the bucket.",
	URL:         "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExportTableToPointInTime.html",
	Severity:    policy.Medium,
	Level:       policy.Advisory,
	Criteria:    []soc2.ID{"C1.1"},
	Reads:       facts.TypeReads(facts.TableExport, "s3BucketOwner", "s3SseAlgorithm"),

	CheckResource: checkExport,
}

func checkExport(p *policy.Pass) {
	algorithm := p.Property("s3SseAlgorithm")
	if kind, ok := algorithm.Text(); ok && kind != "KMS" {
		p.Report(policy.Finding{
			Path:   algorithm.Place(),
			Wrong:  stateOf(algorithm) + ": the export is encrypted with a key that S3 owns, whose use nobody can see or stop",
			Remedy: `set s3SseAlgorithm to "KMS" and s3SseKmsKeyId to a key of KMS`,
		})
	}
	owner := p.Property("s3BucketOwner")
	if account, ok := owner.Text(); ok && account == "" {
		p.Report(policy.Finding{
			Path:   owner.Place(),
			Wrong:  stateOf(owner) + ": whoever has the bucket of that name gets the export",
			Remedy: "set it to the account that owns the bucket",
		})
	}
}
