package policies

import (
	"fmt"
	"strings"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/partition"
	"dynamoguard/internal/place"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/tables"
)

// IAMDocument asks that policy documents are ones that IAM takes. Others fail when they are created, at best; at worst
// they do something other than what they seem to.
var IAMDocument = &policy.Policy{
	Name:  "iam-document",
	Title: "Policy documents follow the grammar of IAM",
	Doc: `
		Reports what IAM would refuse in a policy document: text that is not JSON, unknown, duplicate, missing or
		mistyped elements, bad values, patterns that are neither * nor complete, principals that cannot be, ARNs of no
		partition or of another one than their own region's or the stack's, and a document larger than what holds it may
		have. So also in the trust policy of a role. Statements that can be read are judged by the other policies all the
		same.`,
	Before: `
policy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Action: GetItem
      Resource: arn:aws:dynamodb:us-east-1:111122223333:table/orders`,
	After: `
policy:
  Version: "2012-10-17"
  Statement:
    - Effect: Allow
      Action: dynamodb:GetItem
      Resource: arn:aws:dynamodb:us-east-1:111122223333:table/orders`,
	Why: "IAM refuses such a document, which fails the deployment half-way; the reason it gives names no place.",
	Silent: [][2]string{
		{"A document that is not known yet", "It is judged by `dynamoguard preview`, or by `pulumi up` before it is created; until then a notice counts it."},
		{"Elements that IAM takes and that do nothing", "They are for iam-ineffective-statement: IAM would not refuse them."},
		{"A trust policy that pins nothing", "IAM refuses one of a shared provider too, but iam-oidc-trust alone says so, and of roles that reach tables only."},
	},
	Remediation: "Write the document as the grammar of IAM policies asks, or build it with aws.iam.getPolicyDocument.",
	URL:         "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html",
	Severity:    policy.Medium,
	Level:       policy.Mandatory,
	Criteria:    []soc2.ID{"CC6.1"},
	Reads:       facts.DocumentReads(documentKinds...),

	CheckResource: checkDocument,
}

// documentKinds are the kinds of documents that have a grammar to follow: those that grant, and who may assume a role.
var documentKinds = append([]iam.Kind{iam.Trust}, grantKinds...)

func checkDocument(p *policy.Pass) {
	documents := p.Facts.Documents(documentKinds...)
	if len(documents) == 0 {
		p.NotApplicable("it holds no policy document")
	}
	sizes := map[facts.Quota]int{}
	var quotas []facts.Quota // in order
	for _, d := range documents {
		if d.Part || !d.Known {
			p.Log.NoteUnknown(d.Path)
		}
		switch {
		case !d.Known:
		case d.Document == nil:
			p.Report(policy.Finding{Path: d.Path, Wrong: d.Mistyped, Remedy: "write the document as a JSON object"})
		default:
			reportDocument(p, d)
			reportPartition(p, d)
			if q, ok := d.Quota(); ok && !d.Part {
				if _, again := sizes[q]; !again {
					quotas = append(quotas, q)
				}
				sizes[q] += d.Size()
			}
		}
	}
	for _, q := range quotas {
		if sizes[q] > q.Size {
			p.Report(policy.Finding{
				Path: resource.Path(q.Property),
				Wrong: fmt.Sprintf("%s has %d characters without white space, more than the %d that %s",
					q.Property, sizes[q], q.Size, q.Holds),
				Remedy: "move statements to a managed policy, or shorten them",
			})
		}
	}
}

// reportDocument reports the errors of a document, those of one statement together.
func reportDocument(p *policy.Pass, d *facts.Document) {
	for start := 0; start < len(d.Errors); {
		end := start + 1
		for end < len(d.Errors) && statementOf(d.Errors[end]) == statementOf(d.Errors[start]) {
			end++
		}
		parts := make([]string, 0, end-start)
		for _, e := range d.Errors[start:end] {
			parts = append(parts, documentError(d, e))
		}
		p.Report(policy.Finding{
			Path:   pathOf(d, d.Errors[start]),
			Wrong:  strings.Join(parts, ", and "),
			Remedy: "IAM refuses the document as it is",
		})
		start = end
	}
	if facts.IsManagedPolicy(p.Resource) && len(d.Errors) == 0 && d.Version != "2012-10-17" {
		// moto reproduces the words of AWS: "Policy document must be version 2012-10-17 or greater."
		p.Report(policy.Finding{
			Path:   d.Path.Key("Version"),
			Wrong:  fmt.Sprintf("%s.Version is not 2012-10-17, which IAM asks of a managed policy", d.Path),
			Remedy: `set it to "2012-10-17"`,
		})
	}
}

// reportPartition reports the ARNs of a document that are of another partition than the region that the resource's provider
// works in, or than their own region. IAM answers `Partition "aws" is not valid for resource`.
func reportPartition(p *policy.Pass, d *facts.Document) {
	region := place.Region(p.Resource, resource.Value{}, tables.Part{}, p.Around())
	own := partition.Of(region.Known)
	outside, contradicted := d.OutsidePartition(own)
	report := func(foreign []iam.Element, than, remedy string) {
		if len(foreign) == 0 {
			return
		}
		are := "is"
		if len(foreign) > 1 {
			are = "are"
		}
		wrong := fmt.Sprintf("%s %s of another partition than %s", elements(d, foreign), are, than)
		if d.Secret || region.Secret {
			wrong = fmt.Sprintf("%s names ARNs of another partition than that of the region", d.Path)
			remedy = "take the partition from aws.getPartition"
		}
		p.Report(policy.Finding{Path: at(d, 0, foreign), Wrong: wrong, Remedy: remedy})
	}
	report(outside, region.Known+", where its provider works", "write arn:"+own+":, or take the partition from aws.getPartition")
	report(contradicted, "the region it names", "write the partition of that region, or take it from aws.getPartition")
}

// statementOf returns the statement that an error is in, "" where it is in none.
func statementOf(e iam.Error) string {
	if !strings.HasPrefix(e.Path, "Statement[") {
		return ""
	}
	statement, _, _ := strings.Cut(e.Path, "]")
	return statement
}

// pathOf is the path in the resource of an error in one of its documents.
func pathOf(d *facts.Document, e iam.Error) resource.Path {
	if e.Path == "" {
		return d.Path
	}
	return d.Path.Key(e.Path)
}

func documentError(d *facts.Document, e iam.Error) string {
	at := string(pathOf(d, e))
	switch {
	case e.Value != "" && d.Secret:
		at += " [secret]"
	case e.Value != "":
		at += fmt.Sprintf(" %q", e.Value)
	}
	return at + " " + e.Reason
}
