// Package largestack makes the requests of a run of a large stack, as the
// engine sends them: every resource as checked, by its inputs and by its
// outputs. What it costs to answer them is measured with it.
//
// The stack is of services that are alike: each has a table, three resources
// that hold policy documents, and six others. One service in twenty grants and
// protects nothing as it should, and each reads the stream of its table, which
// is reported at the end of the stack.
package largestack

import (
	"maps"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/pkg/v3/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/e2e/internal/wire"
)

// PerService is how many resources a service has.
const PerService = 10

// The types of a service, in the order in which it registers them.
const (
	table         = "aws:dynamodb/table:Table"
	queue         = "aws:sqs/queue:Queue"
	bucket        = "aws:s3/bucketV2:BucketV2"
	role          = "aws:iam/role:Role"
	managedPolicy = "aws:iam/policy:Policy"
	attachment    = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	inlinePolicy  = "aws:iam/rolePolicy:RolePolicy"
	securityGroup = "aws:ec2/securityGroup:SecurityGroup"
	logGroup      = "aws:cloudwatch/logGroup:LogGroup"
	function      = "aws:lambda/function:Function"
)

// A Resource is one resource of the stack, as each method is told of it.
type Resource struct {
	Remediate    *pulumirpc.AnalyzeRequest // checked inputs, the engine's own keys among them
	Analyze      *pulumirpc.AnalyzeRequest // checked inputs
	AnalyzeStack *pulumirpc.AnalyzerResource
}

// Class is what a resource is to the pack: "table", "document" or "other".
func (r Resource) Class() string {
	switch r.Analyze.GetType() {
	case table:
		return "table"
	case role, managedPolicy, inlinePolicy:
		return "document"
	default:
		return "other"
	}
}

// New makes a stack of as many services.
func New(t testing.TB, services int) []Resource {
	t.Helper()
	provider := defaultProvider(t)
	var stack []Resource
	for i := range services {
		for _, d := range service(i) {
			stack = append(stack, d.requests(t, provider))
		}
	}
	return stack
}

// object is a property map as Go writes it.
type object = map[string]any

// A declared resource is what a program declares, and what comes of it.
type declared struct {
	typ, name    string
	inputs       object
	defaults     []any               // inputs that the provider has chosen
	outputs      object              // beyond the inputs
	dependencies map[string][]string // property to the URNs that it was made of
}

func (d declared) requests(t testing.TB, provider *pulumirpc.AnalyzerProviderResource) Resource {
	t.Helper()
	inputs := resource.NewPropertyMapFromMap(d.inputs)
	checked := inputs.Copy()
	checked["__defaults"] = resource.NewPropertyValue(append([]any{}, d.defaults...))
	outputs := inputs.Copy()
	maps.Copy(outputs, resource.NewPropertyMapFromMap(d.outputs))

	request := wire.Request(t, d.typ, d.name, inputs, provider)
	request.Options = &pulumirpc.AnalyzerResourceOptions{CustomTimeouts: &pulumirpc.AnalyzerResourceOptions_CustomTimeouts{}}
	remediate := &pulumirpc.AnalyzeRequest{
		Type: request.Type, Name: request.Name, Urn: request.Urn, Properties: checkedProperties(t, checked),
		Options: request.Options, Provider: provider,
	}
	stacked := wire.Stacked(request)
	stacked.Properties = wire.Marshal(t, outputs)
	stacked.PropertyDependencies = map[string]*pulumirpc.AnalyzerPropertyDependencies{}
	for property, urns := range d.dependencies {
		stacked.PropertyDependencies[property] = &pulumirpc.AnalyzerPropertyDependencies{Urns: urns}
		stacked.Dependencies = append(stacked.Dependencies, urns...)
	}
	slices.Sort(stacked.Dependencies)
	stacked.Dependencies = slices.Compact(stacked.Dependencies)
	return Resource{Remediate: remediate, Analyze: request, AnalyzeStack: stacked}
}

// checkedProperties encodes properties as the engine does for Remediate,
// which is told of its own keys too.
func checkedProperties(t testing.TB, properties resource.PropertyMap) *structpb.Struct {
	t.Helper()
	encoded, err := plugin.MarshalProperties(properties, plugin.MarshalOptions{KeepUnknowns: true, KeepSecrets: true})
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// defaultProvider is the provider that the engine makes of a stack's own
// configuration. Inputs that are no text are JSON.
func defaultProvider(t testing.TB) *pulumirpc.AnalyzerProviderResource {
	t.Helper()
	provider := wire.AWS(t, region)
	provider.Name = "default_6_83_4"
	provider.Urn = wire.URN(provider.Type, provider.Name)
	provider.Properties = wire.Marshal(t, resource.NewPropertyMapFromMap(object{
		"region":                    region,
		"allowedAccountIds":         `["` + account + `"]`,
		"defaultTags":               `{"tags":{"CostCenter":"4711","ManagedBy":"pulumi","Repository":"github.com/acme/shop"}}`,
		"skipCredentialsValidation": "false",
		"skipRegionValidation":      "true",
		"version":                   "6.83.4",
	}))
	return provider
}

const (
	region  = "us-east-1"
	account = "111122223333"
)
