// Package analyzer speaks the engine's protocol: it decodes what the engine sends, asks the rules, and encodes what they
// answer. It alone knows of gRPC.
package analyzer

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/engine"
	"dynamoguard/internal/plugin"
	"dynamoguard/internal/policy"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/soc2"
	"dynamoguard/internal/text"
)

const (
	packName    = policy.PackPolicy
	displayName = "DynamoGuard"
	description = "Governs Amazon DynamoDB: who may touch which table, how tables are named, recovered and encrypted, " +
		"and which SOC 2 criteria each rule is evidence for."
)

// A Server answers the engine. Every method answers in any order, whether or not ConfigureStack was called before. It is safe for
// concurrent use.
type Server struct {
	pulumirpc.UnimplementedAnalyzerServer

	engine    *engine.Engine
	version   string
	unchanged *pulumirpc.RemediateResponse // what is said to a Remediate where no policy mends
	cancel    func()                       // ends the process
	most      int                          // bytes of diagnostics in a response

	// The engine configures a process once, and tells it its stack once: plugin.NewPolicyAnalyzer and engine.loadPolicyPlugins
	// of pulumi/pkg. What comes a second time is not meant for this run, so the first holds.
	mu              sync.RWMutex
	configured      bool
	stackConfigured bool
	refusal         error // of a configuration, until one is accepted
}

// NewServer returns a server that runs the policies of e. version is that of the pack; cancel is called when the engine
// asks it to end.
func NewServer(e *engine.Engine, version string, cancel func()) *Server {
	unchanged := &pulumirpc.RemediateResponse{}
	for _, p := range e.Policies() {
		unchanged.NotApplicable = append(unchanged.NotApplicable,
			&pulumirpc.PolicyNotApplicable{PolicyName: p.Name, Reason: "does not remediate"})
	}
	return &Server{engine: e, version: version, unchanged: unchanged, cancel: cancel, most: maxFindings}
}

func (s *Server) Handshake(
	context.Context, *pulumirpc.AnalyzerHandshakeRequest,
) (*pulumirpc.AnalyzerHandshakeResponse, error) {
	return &pulumirpc.AnalyzerHandshakeResponse{}, nil
}

func (s *Server) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: s.version}, nil
}

func (s *Server) GetAnalyzerInfo(context.Context, *emptypb.Empty) (*pulumirpc.AnalyzerInfo, error) {
	info := &pulumirpc.AnalyzerInfo{
		Name:           packName,
		DisplayName:    displayName,
		Description:    description,
		Version:        s.version,
		SupportsConfig: true,
		Provider:       "aws",
		Tags:           []string{"aws", "dynamodb", "iam", "soc2"},
	}
	// Most of a schema is the same for every policy, and is encoded once.
	shared, err := structpb.NewStruct(policy.SharedSchema())
	if err != nil {
		return nil, fmt.Errorf("schema of all policies: %w", err)
	}
	for _, p := range s.engine.Policies() {
		schema, err := structpb.NewStruct(p.OwnSchema())
		if err != nil {
			return nil, fmt.Errorf("schema of %s: %w", p.Name, err)
		}
		maps.Copy(schema.Fields, shared.Fields)
		info.Policies = append(info.Policies, policyInfo(p, schema))
	}
	return info, nil
}

func policyInfo(p *policy.Policy, schema *structpb.Struct) *pulumirpc.PolicyInfo {
	info := &pulumirpc.PolicyInfo{
		Name:             p.Name,
		DisplayName:      p.Title,
		Description:      p.Description(),
		Message:          p.Title + ".",
		EnforcementLevel: levels[p.Level],
		Severity:         severities[p.Severity],
		PolicyType:       pulumirpc.PolicyType_POLICY_TYPE_RESOURCE,
		ConfigSchema:     &pulumirpc.PolicyConfigSchema{Properties: schema},
		RemediationSteps: p.Remediation,
		Url:              p.URL,
	}
	if p.Mends != "" {
		info.RemediationSteps += " At level remediate: " + p.Mending()
	}
	if p.CheckResource == nil {
		info.PolicyType = pulumirpc.PolicyType_POLICY_TYPE_STACK
	}
	if len(p.Criteria) > 0 {
		info.Framework = &pulumirpc.PolicyComplianceFramework{
			Name:      soc2.Framework,
			Version:   soc2.Version,
			Reference: soc2.Join(p.Criteria),
		}
		for _, id := range p.Criteria {
			c, _ := soc2.Lookup(id)
			info.Framework.Specification += fmt.Sprintf("%s: %s. ", c.ID, c.Summary)
			info.Tags = append(info.Tags, "soc2:"+string(id))
		}
	}
	for _, r := range soc2.Crosswalk(p.Name) {
		info.Tags = append(info.Tags, r.Tag())
	}
	return info
}

// ConfigureStack tells which stack is running, once. policy analyze and policy publish never call it.
func (s *Server) ConfigureStack(
	_ context.Context, req *pulumirpc.AnalyzerStackConfigureRequest,
) (*pulumirpc.AnalyzerStackConfigureResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stackConfigured {
		return nil, status.Error(codes.FailedPrecondition,
			"dynamoguard knows its stack already, and judges no other in this run")
	}
	s.stackConfigured = true
	config := make(map[string]resource.Value, len(req.GetConfig()))
	for k, v := range req.GetConfig() {
		config[k] = resource.StringValue(v)
	}
	for _, k := range req.GetConfigSecretKeys() {
		if v, ok := config[k]; ok {
			config[k] = v.AsSecret()
		}
	}
	s.engine.ConfigureStack(policy.StackContext{
		Known:        true,
		Preview:      req.GetDryRun(),
		Organization: req.GetOrganization(),
		Project:      req.GetProject(),
		Name:         req.GetStack(),
		Config:       config,
	})
	return &pulumirpc.AnalyzerStackConfigureResponse{}, nil
}

// Configure takes the organization's configuration, once. It is the one method that fails because of what it was given: a
// mistake in the configuration must not pass for a choice. The engine stops there; a caller that does not can correct it,
// and until then nothing is judged, by the defaults least of all.
func (s *Server) Configure(_ context.Context, req *pulumirpc.ConfigureAnalyzerRequest) (*emptypb.Empty, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.configured {
		return nil, status.Error(codes.FailedPrecondition,
			"dynamoguard is configured already, and the first configuration holds; is the pack given twice?")
	}
	given := make(map[string]policy.Given, len(req.GetPolicyConfig()))
	for name, c := range req.GetPolicyConfig() {
		g := policy.Given{Level: levelOf(c.GetEnforcementLevel())}
		if c.GetProperties() != nil {
			g.Properties = plugin.DecodeProperties(c.GetProperties())
		}
		given[name] = g
	}
	if err := s.engine.Configure(given); err != nil {
		s.refusal = status.Error(codes.InvalidArgument, text.Error(err))
		return nil, s.refusal
	}
	s.configured, s.refusal = true, nil
	return &emptypb.Empty{}, nil
}

// refused returns why the configuration was refused, where no other has been accepted.
func (s *Server) refused() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.refusal
}

// Remediate changes the inputs of a resource as the policies have it that are to mend what they find. The others change nothing, and it
// says so: the engine counts a policy that is silent as passed. Each remediation has all inputs, with what those before it changed, for
// the engine takes the last.
//
// Source: https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/resource/deploy/step_generator.go
func (s *Server) Remediate(_ context.Context, req *pulumirpc.AnalyzeRequest) (*pulumirpc.RemediateResponse, error) {
	remediations := s.engine.Remediate(decodeRead(req, s.engine.ReadsChecked(req.GetType())))
	if len(remediations) == 0 {
		return s.unchanged, nil
	}
	response := &pulumirpc.RemediateResponse{}
	asked := map[string]bool{}
	inputs := req.GetProperties()
	for _, r := range remediations {
		asked[r.Policy.Name] = true
		after, err := edited(inputs, r.Edits)
		switch {
		case err != nil:
			r.Reason = err.Error()
		case len(r.Edits) > 0:
			inputs = after
			response.Remediations = append(response.Remediations, &pulumirpc.Remediation{
				PolicyName: r.Policy.Name, PolicyPackName: packName, PolicyPackVersion: s.version,
				Description: r.Policy.Title, Properties: inputs,
			})
		}
		if r.Reason != "" {
			response.NotApplicable = append(response.NotApplicable,
				&pulumirpc.PolicyNotApplicable{PolicyName: r.Policy.Name, Reason: text.Message(r.Reason)})
		}
	}
	for _, n := range s.unchanged.GetNotApplicable() {
		if !asked[n.GetPolicyName()] {
			response.NotApplicable = append(response.NotApplicable, n)
		}
	}
	return response, nil
}

// edited returns inputs with all edits applied.
func edited(inputs *structpb.Struct, edits []policy.Edit) (*structpb.Struct, error) {
	var err error
	for _, edit := range edits {
		if inputs, err = plugin.Set(inputs, edit.Path, edit.Value); err != nil {
			return nil, err
		}
	}
	return inputs, nil
}

// Analyze judges one resource by its inputs.
func (s *Server) Analyze(_ context.Context, req *pulumirpc.AnalyzeRequest) (*pulumirpc.AnalyzeResponse, error) {
	if err := s.refused(); err != nil {
		return nil, err
	}
	judgements := s.engine.Analyze(decodeRead(req, s.engine.Reads(req.GetType())))
	return s.respond(judgements, policy.AtOnce(judgements), nil), nil
}

// AnalyzeStack judges the stack by its outputs, at the end of a run.
func (s *Server) AnalyzeStack(
	_ context.Context, req *pulumirpc.AnalyzeStackRequest,
) (*pulumirpc.AnalyzeResponse, error) {
	if err := s.refused(); err != nil {
		return nil, err
	}
	list := req.GetResources()
	resources := make([]*resource.Resource, len(list))
	for i, r := range list {
		resources[i] = decodeRead(r, s.engine.Reads(r.GetType()))
		list[i] = nil // so that what is decoded takes its place in memory
	}
	judgements, notices := s.engine.AnalyzeStack(resources)
	return s.respond(judgements, policy.AtEnd(judgements), notices), nil
}

// Cancel ends the process once this call is answered.
func (s *Server) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	s.cancel()
	return &emptypb.Empty{}, nil
}

// respond encodes judgements, what is said of them, and notices. A pass says nothing; a policy that neither passed nor reported anything is not
// applicable, which is the protocol's only other word.
func (s *Server) respond(judgements []policy.Judgement, diagnostics []policy.Diagnostic, notices []engine.Notice) *pulumirpc.AnalyzeResponse {
	policies := min(len(judgements), len(s.engine.Policies()))
	response := &pulumirpc.AnalyzeResponse{NotApplicable: make([]*pulumirpc.PolicyNotApplicable, 0, policies)}
	said := map[*policy.Policy]bool{}
	size := 0
	var left []policy.Diagnostic // that would make the response larger than the engine takes
	add := func(d policy.Diagnostic) {
		said[d.Policy] = true
		encoded := s.encode(d)
		if size += proto.Size(encoded) + overhead; size > s.most {
			left = append(left, d)
			return
		}
		response.Diagnostics = append(response.Diagnostics, encoded)
	}
	for _, d := range diagnostics {
		d.Message = d.Text()
		add(d)
	}
	for _, n := range notices {
		add(policy.Diagnostic{Policy: n.Policy, URN: n.URN, Level: policy.Advisory, Message: n.Message()})
	}
	if len(left) > 0 {
		response.Diagnostics = append(response.Diagnostics, s.encode(instead(left)))
	}
	// Most policies do not judge the type, and say so in one text. What says so is made at once for all.
	var why, message string
	var made []pulumirpc.PolicyNotApplicable
	for start := 0; start < len(judgements); { // those of one policy stand together
		p, end := judgements[start].Policy, start+1
		for end < len(judgements) && judgements[end].Policy == p {
			end++
		}
		if reason := whyNotPassed(judgements[start:end]); reason != "" && !said[p] {
			if reason != why {
				why, message = reason, text.Message(reason)
			}
			if len(made) == 0 {
				made = make([]pulumirpc.PolicyNotApplicable, policies)
			}
			made[0].PolicyName, made[0].Reason = p.Name, message
			response.NotApplicable, made = append(response.NotApplicable, &made[0]), made[1:]
		}
		start = end
	}
	return response
}

// encode encodes a diagnostic, whose message is fit to be shown.
func (s *Server) encode(d policy.Diagnostic) *pulumirpc.AnalyzeDiagnostic {
	return &pulumirpc.AnalyzeDiagnostic{
		PolicyName:        d.Policy.Name,
		PolicyPackName:    packName,
		PolicyPackVersion: s.version,
		Description:       d.Policy.Title,
		Message:           d.Message,
		EnforcementLevel:  levels[d.Level],
		Severity:          severities[d.Policy.Severity],
		Urn:               strings.ToValidUTF8(string(d.URN[:min(len(d.URN), text.MaxMessage)]), "\uFFFD"),
	}
}

// maxFindings is how many bytes of diagnostics a response has, each with its overhead. It leaves room in what the engine accepts for
// the rest of the response, which is bounded by the number of policies.
const (
	maxFindings = plugin.MaxMessage * 3 / 4
	overhead    = 8
)

// instead is the diagnostic that stands for those that are left out: it stops what any of them would.
func instead(left []policy.Diagnostic) policy.Diagnostic {
	worst := left[0]
	for _, d := range left[1:] {
		if d.Level > worst.Level {
			worst = d
		}
	}
	worst.Message = text.Count(len(left), "finding more is", "findings more are") +
		" not shown, since the engine takes no larger answer; the first is: " + worst.Message
	return worst
}

// whyNotPassed says why a policy did not pass, by its judgements of one resource or of all of a stack; empty where it did. It
// has passed where it passed something, and the rest is not its business.
func whyNotPassed(judgements []policy.Judgement) string {
	if len(judgements) == 1 {
		return judgements[0].Reason
	}
	worst := judgements[0].Outcome
	for _, j := range judgements[1:] {
		switch {
		case worst == policy.NotApplicable && j.Outcome == policy.Passed:
			worst = policy.Passed
		case worst == policy.Passed && j.Outcome == policy.NotApplicable:
		default:
			worst = max(worst, j.Outcome)
		}
	}
	if worst == policy.Passed {
		return ""
	}
	var why []*policy.Judgement
	for i := range judgements {
		if judgements[i].Outcome == worst {
			why = append(why, &judgements[i])
		}
	}
	return text.ListOf(why, "; ", func(j *policy.Judgement) string { return policy.Name(j.URN) + ": " + j.Reason })
}

// Described is what Analyze and AnalyzeStack say of a resource alike.
type Described interface {
	GetType() string
	GetUrn() string
	GetName() string
	GetProperties() *structpb.Struct
	GetOptions() *pulumirpc.AnalyzerResourceOptions
	GetProvider() *pulumirpc.AnalyzerProviderResource
}

// decodeRead decodes what is read of a resource: nothing but what it is called where that is nil.
func decodeRead(d Described, reads map[string]bool) *resource.Resource {
	if reads == nil {
		return &resource.Resource{
			URN: resource.URN(d.GetUrn()), Type: d.GetType(), Name: d.GetName(), Properties: resource.ObjectValue(nil),
		}
	}
	return DecodeResource(d, func(property string) bool { return reads[property] })
}

// DecodeResource decodes a resource. It cannot fail either: what is missing is empty. A property that is not read is null, for
// most of what a resource has is of no interest here.
func DecodeResource(d Described, reads func(property string) bool) *resource.Resource {
	fields := d.GetProperties().GetFields()
	properties := make(map[string]resource.Value, len(fields))
	for name, v := range fields {
		properties[name] = resource.NullValue()
		if reads(name) {
			properties[name] = plugin.Decode(v)
		}
	}
	options := d.GetOptions()
	r := &resource.Resource{
		URN:        resource.URN(d.GetUrn()),
		Type:       d.GetType(),
		Name:       d.GetName(),
		Properties: resource.ObjectValue(properties),
		Options:    resource.Options{Protect: options.GetProtect(), Parent: resource.URN(options.GetParent())},
	}
	for _, a := range options.GetAliases() {
		r.Options.Aliases = append(r.Options.Aliases, resource.URN(a))
	}
	if s, ok := d.(*pulumirpc.AnalyzerResource); ok {
		r.PropertyDependencies = make(map[string][]resource.URN, len(s.GetPropertyDependencies()))
		for property, dependencies := range s.GetPropertyDependencies() {
			for _, urn := range dependencies.GetUrns() {
				r.PropertyDependencies[property] = append(r.PropertyDependencies[property], resource.URN(urn))
			}
		}
	}
	if p := d.GetProvider(); p != nil {
		r.Provider = &resource.Provider{
			URN:        resource.URN(p.GetUrn()),
			Type:       p.GetType(),
			Name:       p.GetName(),
			Properties: plugin.DecodeProperties(p.GetProperties()),
		}
	}
	return r
}

var (
	levels = map[policy.Level]pulumirpc.EnforcementLevel{
		policy.Disabled:  pulumirpc.EnforcementLevel_DISABLED,
		policy.Advisory:  pulumirpc.EnforcementLevel_ADVISORY,
		policy.Mandatory: pulumirpc.EnforcementLevel_MANDATORY,
		policy.Remediate: pulumirpc.EnforcementLevel_REMEDIATE,
	}
	severities = map[policy.Severity]pulumirpc.PolicySeverity{
		policy.Low:    pulumirpc.PolicySeverity_POLICY_SEVERITY_LOW,
		policy.Medium: pulumirpc.PolicySeverity_POLICY_SEVERITY_MEDIUM,
		policy.High:   pulumirpc.PolicySeverity_POLICY_SEVERITY_HIGH,
	}
)

// levelOf reads a configured level. Of one that this version does not know there is nothing left but to enforce.
func levelOf(l pulumirpc.EnforcementLevel) policy.Level {
	switch l {
	case pulumirpc.EnforcementLevel_DISABLED:
		return policy.Disabled
	case pulumirpc.EnforcementLevel_ADVISORY:
		return policy.Advisory
	case pulumirpc.EnforcementLevel_REMEDIATE:
		return policy.Remediate
	default:
		return policy.Mandatory
	}
}
