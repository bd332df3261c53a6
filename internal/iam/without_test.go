package iam

import (
	"slices"
	"testing"
)

// TestWithout: what is left out of the resources of an Allow is not granted on any more, what is wrong with it is not said, and
// everything else is where it was and says what it said.
func TestWithout(t *testing.T) {
	const (
		arn    = "arn:aws:dynamodb:us-east-1:111122223333:table/"
		stream = arn + "orders/stream/2015-06-27T00:48:05.899"
		secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:orders-a1b2c3"
	)
	const text = `{"Version": "2012-10-17", "Statement": [
		{"Effect": "Allow", "Action": "dynamodb:*", "Resource": ["` + stream + `", "` + arn + `*"]},
		{"Effect": "Allow", "Action": "dynamodb:*", "Resource": ["` + stream + `"]},
		{"Effect": "Allow", "Action": "dynamodb:GetRec*", "NotResource": "` + stream + `"},
		{"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": ["id", "queue"]},
		{"Effect": "Deny", "Action": "sqs:SendMessage", "NotResource": ["id", "queue"]},
		{"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "` + secret + `"},
		{"Effect": "Deny", "Action": "dynamodb:*", "Resource": "` + arn + `denied*"},
		{"Effect": "Allow", "Action": "dynamodb:*", "Resource": "` + arn + `denied-too"},
		{"Effect": "Allow", "Action": "dynamodb:*", "NotResource": "*"}]}`
	out := []string{stream, secret, "id", "*", arn + "denied*"}
	document := Parse(text, Identity)
	found := func(d *Document) (all []string) {
		for _, f := range d.WildcardActions(WildcardOptions{}) {
			all = append(all, f.Elements[0].Path)
		}
		for _, f := range d.UnscopedResources(UnscopedOptions{}) {
			all = append(all, f.Elements[0].Path)
		}
		for _, e := range d.Errors {
			all = append(all, e.Path)
		}
		return all
	}
	whole := []string{
		"Statement[0].Action", "Statement[1].Action", "Statement[2].Action", "Statement[0].Resource[1]", "Statement[2].NotResource",
		"Statement[3].Resource[0]", "Statement[3].Resource[1]", "Statement[4].NotResource[0]", "Statement[4].NotResource[1]",
	}
	without := document.Without(func(text string) bool { return slices.Contains(out, text) })
	want := []string{
		"Statement[0].Action", "Statement[2].Action", "Statement[0].Resource[1]", "Statement[2].NotResource",
		"Statement[3].Resource[1]", "Statement[4].NotResource[1]",
	}
	if got := found(without); !slices.Equal(got, want) {
		t.Errorf("without: %q, want %q", got, want)
	}
	if got := found(document); !slices.Equal(got, whole) {
		t.Errorf("the document itself: %q, want %q", got, whole)
	}
	if without.Text() != text || without.Size() != document.Size() {
		t.Error("the text is another one")
	}
}
