package policies

import (
	"fmt"
	"sync"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam/managed"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
)

// IAMBroadManagedPolicy looks at policies that AWS writes: they are for any account, so they name no table.
var IAMBroadManagedPolicy = &policy.Policy{
	Name:  "iam-broad-managed-policy",
	Title: "No AWS managed policy is attached that reaches every table",
	Doc: `
		Reports the attachment of an AWS managed policy that reads, writes or controls every table, whoever asks:
		AmazonDynamoDBFullAccess, PowerUserAccess, AdministratorAccess and others. Policies that grant it under
		conditions, on resources of certain names or for metadata only pass. An ARN that is not known before it is
		created is of a policy that the program makes, so not one of AWS. What AWS documents for a role of its own
		services is not judged on a role that this service alone may assume, which the stack declares: the two policies
		for AWS Backup. Those for functions that read streams are advisory on such a role.`,
	Before: `
role: reader
policyArn: arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess`,
	After: `
role: reader
policyArn: arn:aws:iam::111122223333:policy/read-orders`,
	Why: "AWS writes such a policy for everybody, so it names no table, and widens it whenever a feature comes.",
	Silent: [][2]string{
		{"Policies of AWS that grant metadata only, under conditions or on certain names", "They do not reach every table."},
		{"What AWS documents for the roles of its own services", "AWS Backup needs its two policies, and a role that only the service may assume is not taken by anybody else."},
		{"An ARN that is not known before it is created", "It is of a policy that the program makes, so not one of AWS; the document of that is judged itself."},
	},
	Remediation: "Attach a policy of your own that names the actions and the tables.",
	URL:         "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html",
	Severity:    policy.High,
	Level:       policy.Mandatory,
	Criteria:    []soc2.ID{"CC6.3"},
	Reads:       facts.Reads(facts.AttachmentReads, facts.TrustReads),

	CheckResource: checkBroadManagedPolicy,
}

// attachments are the properties that attach managed policies, by type.
var attachments = sync.OnceValue(facts.AttachmentReads)

func checkBroadManagedPolicy(p *policy.Pass) {
	for _, name := range attachments()[p.Resource.Type] {
		property := p.Property(name)
		attached := []resource.Property{property}
		if property.Value.Kind() == resource.Array {
			attached, _ = property.Elements()
		}
		for _, arn := range attached {
			checkAttached(p, arn)
		}
	}
}

// A serviceRole is the role that AWS makes a managed policy for. Where it alone may assume the role, the policy is what AWS
// documents.
type serviceRole struct {
	service string
	stream  bool // it reads the stream that it is told to; else it needs all that it is told to work on
}

// serviceRoles are the managed policies that reach every table and that AWS's own documentation says to attach.
//
// Sources: https://docs.aws.amazon.com/aws-backup/latest/devguide/iam-service-roles.html and
// https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-eventsourcemapping.html
var serviceRoles = map[string]serviceRole{
	"AWSBackupServiceRolePolicyForBackup":   {service: "backup.amazonaws.com"},
	"AWSBackupServiceRolePolicyForRestores": {service: "backup.amazonaws.com"},
	"AWSLambdaDynamoDBExecutionRole":        {"lambda.amazonaws.com", true},
	"AWSLambdaInvocation-DynamoDB":          {"lambda.amazonaws.com", true},
}

func checkAttached(p *policy.Pass, arn resource.Property) {
	if arn.Value.Kind() == resource.Unknown {
		return
	}
	text, _ := arn.Text()
	m, ok := managed.Lookup(text)
	if !ok || m.Tier() < managed.UnscopedControl {
		return
	}
	finding := policy.Finding{Path: arn.Path, Remedy: "attach a policy of your own that names the actions and the tables"}
	if role, ok := serviceRoles[m.Name]; ok && !arn.Value.Secret() {
		var log resource.Log
		service := p.Seen.TrustedService(p.Facts, &log)
		switch {
		case len(log.Unknown) > 0:
			p.Log.NoteUnknown(log.Unknown[0]) // whom the role trusts decides
			return
		case service != role.service:
		case !role.stream:
			p.NotApplicable(fmt.Sprintf("%s is what AWS documents for a role that only %s may assume", m.Name, service))
			return
		default:
			finding.Group = "allow it on the stream that the function reads"
			finding.Remedy = "allow dynamodb:DescribeStream, GetRecords, GetShardIterator and ListStreams on the stream that the function reads, " +
				"such as " + exampleOf(p, "streamArn", "arn:aws:dynamodb:REGION:ACCOUNT:table/NAME/stream/*", facts.Table)
			finding.Limit = policy.Advisory
		}
	}
	if name, onEvent, ok := p.Seen.Callback(p.Resource, text); ok {
		finding.Group = "pass role, or policies"
		finding.Remedy = fmt.Sprintf("pass role, or policies, to the CallbackFunction %s, which attaches it where it is given neither",
			resource.Quote(name))
		if onEvent {
			finding.Remedy = fmt.Sprintf("pass a CallbackFunction with role, or policies, in place of the function that handles %s, "+
				"for which this is attached", resource.Quote(name))
		}
	}
	finding.Wrong = fmt.Sprintf("%s %v grants %s, on every table", arn.Path, arn.Value,
		actions(m.Unscoped.List(), m.Unscoped.Worst(), m.Unscoped.Services()))
	if arn.Value.Secret() {
		finding.Wrong = fmt.Sprintf("%s is an AWS managed policy that reaches every table", arn.Path)
	}
	p.Report(finding)
}
