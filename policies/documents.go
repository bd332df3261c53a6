package policies

import (
	"fmt"
	"slices"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/text"
)

// grantKinds are the kinds of documents that grant access to tables.
var grantKinds = []iam.Kind{iam.Identity, iam.Resource}

// grants returns the documents of the resource that a policy on grants can judge. Why it cannot judge the others is
// noted: not known yet, nothing readable in them, or a permission boundary, which grants nothing.
func grants(p *policy.Pass) []*facts.Document {
	if p.IsBoundary() {
		return nil
	}
	return readable(p)
}

// readable returns the documents of the resource that can be read. Why the others cannot be is noted.
func readable(p *policy.Pass) []*facts.Document {
	documents := p.Facts.Documents(grantKinds...)
	if len(documents) == 0 {
		p.NotApplicable("it holds no policy document")
	}
	var list []*facts.Document
	for _, d := range documents {
		switch {
		case !d.Known:
			p.Log.NoteUnknown(d.Path)
		case d.Document == nil || !d.Readable():
			// iam-document reports it: a finding of each policy on grants would say the same again.
			p.NotApplicable(fmt.Sprintf("%s cannot be read as a policy document, which iam-document reports", d.Path))
		default:
			list = append(list, d)
		}
	}
	return list
}

// verb is what a document does with what it opens: one that IAM refuses would do it.
func verb(d *facts.Document, does, would string) string {
	if len(d.Errors) > 0 {
		return "would " + would
	}
	return does
}

// elements writes patterns of a document with their paths: policy.Statement[0].Action[1] "dynamodb:*".
func elements(d *facts.Document, list []iam.Element) string {
	const shown = 3
	parts := make([]string, 0, len(list))
	for i, e := range list {
		if i == shown && len(list) > shown+1 {
			parts = append(parts, fmt.Sprintf("%d more", len(list)-shown))
			break
		}
		if e.Text == "" {
			parts = append(parts, fmt.Sprintf(`%s.%s (unreadable, so counted as "*")`, d.Path, e.Path))
			continue
		}
		parts = append(parts, fmt.Sprintf("%s.%s %s", d.Path, e.Path, resource.Quote(e.Text)))
	}
	return text.And(parts)
}

// exampleOf is how a document names a resource of the stack: by a property of the first one of some types that was declared so
// far, else in a form that says what goes where.
func exampleOf(p *policy.Pass, property, form string, types ...string) string {
	if urn := p.Seen.Example(types...); urn != "" {
		return fmt.Sprintf("the %s of %s", property, policy.Name(urn))
	}
	return form
}

// at is the path in a resource of the first of some elements of one of its documents, of their statement where there are none.
func at(d *facts.Document, statement int, list []iam.Element) resource.Path {
	if len(list) == 0 {
		return d.Path.Key("Statement").Index(statement)
	}
	return d.Path.Key(list[0].Path)
}

// actions writes what a statement opens, with the worst of it: by name while that can be read, else by number. whole are
// the services of which it opens all.
func actions(list []*iam.Action, worst *iam.Action, whole []string) string {
	const named = 4
	var parts []string
	worstNamed := false
	for _, service := range []string{"dynamodb", "dax"} {
		var names []string
		for _, a := range list {
			if a.Service == service {
				names = append(names, a.Name)
			}
		}
		display := map[string]string{"dynamodb": "DynamoDB", "dax": "DAX"}[service]
		if worst != nil && service == worst.Service {
			worstNamed = len(names) <= named && !slices.Contains(whole, service)
		}
		switch n := len(names); {
		case n == 0:
		case n == 1:
			parts = append(parts, display+" action "+names[0])
		case slices.Contains(whole, service):
			parts = append(parts, fmt.Sprintf("all %d %s actions", n, display))
		case n <= named:
			parts = append(parts, display+" actions "+text.And(names))
		default:
			parts = append(parts, fmt.Sprintf("%d %s actions", n, display))
		}
	}
	all := text.And(parts)
	if len(list) > 1 && !worstNamed {
		all += ", " + worst.Name + " among them"
	}
	return all
}
