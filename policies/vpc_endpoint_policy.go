package policies

import (
	"encoding/json"
	"fmt"

	"dynamoguard/internal/facts"
	"dynamoguard/internal/iam"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
)

// VPCEndpointPolicy asks that a network's way to DynamoDB leads to its own tables: with the default policy, who has credentials of
// another account, and runs in the network, carries data out through it.
var VPCEndpointPolicy = &policy.Policy{
	Name:  "vpc-endpoint-policy",
	Title: "VPC endpoints of DynamoDB do not let everything through",
	Doc: `
		Reports a gateway or interface endpoint of DynamoDB or its streams with the full-access policy: the default one, or an
		Allow of everyone, for every action, on all tables of every account, without a condition. A policy
		with a Deny is left alone. A VpcEndpointPolicy replaces the endpoint's own.`,
	Before: `
vpcId: vpc-0a1b2c3d4e5f60718
serviceName: com.amazonaws.us-east-1.dynamodb`,
	After: `
vpcId: vpc-0a1b2c3d4e5f60718
serviceName: com.amazonaws.us-east-1.dynamodb
policy: '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*","Condition":{"StringEquals":{"aws:ResourceAccount":"111122223333"}}}]}'`,
	Why: "Through an endpoint that lets everything through, who runs in the network carries items out to a table of another account.",
	Silent: [][2]string{
		{"A policy with a Deny", "What a Deny leaves open cannot be told without knowing who asks."},
		{"A condition, or tables that are named", "The endpoint does not let everything through."},
		{"Endpoints of other services", "They lead to no table."},
		{"A policy that a VpcEndpointPolicy replaces", "The endpoint's own does not hold."},
	},
	Remediation: "Give the endpoint a policy that names tables, or that has a condition on whose they are or who asks.",
	URL:         "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-ddb.html",
	Severity:    policy.Medium,
	Level:       policy.Advisory,
	Criteria:    []soc2.ID{"CC6.6"},
	Reads:       facts.EndpointReads,

	CheckStack: checkEndpoints,
}

func checkEndpoints(p *policy.StackPass) {
	for _, e := range p.Graph.Endpoints() {
		var log resource.Log
		service, ok := p.Graph.Resource(e.URN).Property(e.Service, &log).Text()
		switch {
		case !ok:
			p.On(e.URN).Property(e.Service).Known()
		case facts.IsDynamoDB(service):
			checkEndpoint(p, e)
		}
	}
}

func checkEndpoint(p *policy.StackPass, e facts.Endpoint) {
	p.On(e.URN)
	pass := p.On(e.Holder)
	document := pass.Property(e.Policy)
	var wrong string
	path := document.Path
	switch {
	case document.Unset():
		wrong = fmt.Sprintf("%s is not set: the endpoint lets everyone through, to all tables of every account", path)
	case document.Value.HasUnknown():
		pass.Log.NoteUnknown(path)
		return
	default:
		parsed := iam.Parse(documentText(document.Value), iam.Resource)
		if !parsed.Readable() {
			pass.Errorf("%s is no policy document", path)
			return
		}
		st := facts.FullAccess(parsed)
		if st == nil {
			return
		}
		path = path.Key(st.Path())
		wrong = fmt.Sprintf("%s lets everyone through, to all tables of every account", path)
	}
	if len(e.Unknown) > 0 {
		for _, at := range e.Unknown {
			p.Awaits(e.URN, at)
		}
		return
	}
	pass.Report(policy.Finding{
		Path: path, Wrong: wrong,
		Remedy: "write a policy that names your tables, or a condition on whose they are, such as on aws:ResourceAccount or aws:ResourceOrgID",
	})
}

// documentText is a policy document as text: aws-native has an object.
func documentText(document resource.Value) string {
	if text, ok := document.Text(); ok {
		return text
	}
	text, err := json.Marshal(document.Plain())
	if err != nil {
		return "" // it has a number that is none
	}
	return string(text)
}
