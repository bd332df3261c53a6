package policies

import (
	"fmt"
	"strings"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/soc2"
)

// IAMDocument asks that policy documents are ones that IAM takes. Others fail when they are created, at best; at worst
// they do something other than what they seem to.
var IAMDocument = &policy.Policy{
	Name:  "iam-document",
	Title: "Policy documents follow the grammar of IAM",
	Doc: "Reports what IAM would refuse in a policy document: text that is not JSON, unknown, duplicate, missing or " +
		"mistyped elements, bad values, patterns that are neither * nor complete, and a document larger than what " +
		"holds it may have. Statements that can be read are judged by the other policies all the same.",
	Remediation: "Write the document as the grammar of IAM policies asks, or build it with aws.iam.getPolicyDocument.",
	URL:         "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html",
	Severity:    policy.Medium,
	Level:       policy.Mandatory,
	Criteria:    []soc2.ID{"CC6.1"},
	Reads:       facts.DocumentReads(),

	CheckResource: checkDocument,
}

func checkDocument(p *policy.Pass) {
	documents := p.Facts.Documents()
	if len(documents) == 0 {
		p.NotApplicable("it holds no policy document")
	}
	total := 0
	for _, d := range documents {
		switch {
		case !d.Known:
			p.Log.NoteUnknown(d.Path)
		case d.Document == nil:
			p.Report(d.Mistyped, "write the document as a JSON object")
		default:
			reportDocument(p, d)
			total += d.Size()
		}
	}
	limit, ok := sizeLimits[p.Resource.Type]
	if size := fmt.Sprintf("%d characters", total); ok && total > limit.size {
		p.Report(fmt.Sprintf("%s has %s without white space, more than the %d that %s", limit.property, size, limit.size, limit.holds),
			"move statements to a managed policy, or shorten them")
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
		p.Report(strings.Join(parts, ", and "), "IAM refuses the document as it is")
		start = end
	}
	if p.Resource.Type == facts.ManagedPolicy && len(d.Errors) == 0 && d.Version != "2012-10-17" {
		// moto reproduces the words of AWS: "Policy document must be version 2012-10-17 or greater."
		p.Report(fmt.Sprintf("%s.Version is not 2012-10-17, which IAM asks of a managed policy", d.Path), `set it to "2012-10-17"`)
	}
}

// statementOf returns the statement that an error is in, "" where it is in none.
func statementOf(e iam.Error) string {
	if !strings.HasPrefix(e.Path, "Statement[") {
		return ""
	}
	statement, _, _ := strings.Cut(e.Path, "]")
	return statement
}

func documentError(d *facts.Document, e iam.Error) string {
	at := string(d.Path)
	if e.Path != "" {
		at += "." + e.Path
	}
	switch {
	case e.Value != "" && d.Secret:
		at += " [secret]"
	case e.Value != "":
		at += fmt.Sprintf(" %q", e.Value)
	}
	return at + " " + e.Reason
}

// sizeLimits are what IAM takes, in characters without white space.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
//
// The limits of inline policies are for all of a principal's together, so what is over one by itself is over it.
// A resource policy of DynamoDB is measured otherwise and is left to DynamoDB.
var sizeLimits = map[string]struct {
	size     int
	property string
	holds    string
}{
	facts.ManagedPolicy: {6144, "policy", "a managed policy may have"},
	facts.RolePolicy:    {10240, "policy", "the inline policies of a role may have"},
	facts.UserPolicy:    {2048, "policy", "the inline policies of a user may have"},
	facts.GroupPolicy:   {5120, "policy", "the inline policies of a group may have"},
	facts.Role:          {10240, "inlinePolicies", "the inline policies of a role may have"},
	facts.PermissionSet: {32768, "inlinePolicy", "the inline policy of a permission set may have"},
}
