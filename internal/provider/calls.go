package provider

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	"dynamoguard/internal/foresight"
	"dynamoguard/internal/plugin"
	"dynamoguard/internal/resource"
	"dynamoguard/internal/session"
	"dynamoguard/internal/text"
)

// What cannot be decoded here is passed on as it is: what to say of it is the provider's and the engine's business.

// handshake tells the provider that it was started from its own folder, and not from that of the forwarder.
func (f *forwarder) handshake(_ context.Context, request []byte, ask asker) ([]byte, error) {
	var q pulumirpc.ProviderHandshakeRequest
	if proto.Unmarshal(request, &q) != nil {
		return ask(request)
	}
	for _, directory := range []*string{q.RootDirectory, q.ProgramDirectory} {
		if directory != nil {
			*directory = f.folder
		}
	}
	own, err := proto.Marshal(&q)
	if err != nil {
		return ask(request)
	}
	return ask(own)
}

// configure notes what a provider is called and which region it was given.
func (f *forwarder) configure(_ context.Context, request []byte, ask asker) ([]byte, error) {
	var q pulumirpc.ConfigureRequest
	if proto.Unmarshal(request, &q) == nil {
		region := plugin.DecodeProperties(q.GetArgs()).Get("region")
		//lint:ignore SA1019 what engines gave before there were arguments
		if given, ok := q.GetVariables()[f.pkg+":config:region"]; ok && region.Unset() {
			region = resource.StringValue(given)
		}
		f.mu.Lock()
		f.settings = settings{name: resource.URN(q.GetUrn()).Name(), region: region}
		f.mu.Unlock()
	}
	return ask(request)
}

// create fills in what is foreseen of a resource that a preview would create.
func (f *forwarder) create(_ context.Context, request []byte, ask asker) ([]byte, error) {
	answer, err := ask(request)
	var q pulumirpc.CreateRequest
	var a pulumirpc.CreateResponse
	if err != nil || proto.Unmarshal(request, &q) != nil || !q.GetPreview() || proto.Unmarshal(answer, &a) != nil {
		return answer, err
	}
	r, values := f.foresee(q.GetUrn(), a.GetProperties(), func(v foresight.Value) bool { return v.Property != "" || a.GetId() == "" })
	if len(values) == 0 {
		return answer, nil
	}
	names := foresight.Names(r, values)
	for _, v := range values {
		if v.Property == "" {
			a.Id = v.Text
		} else {
			fill(a.GetProperties(), v)
		}
	}
	issue := session.Issue{URN: q.GetUrn(), Auto: automatic(r.URN.Name(), names), Values: values, Names: names}
	return f.filled(answer, &a, issue), nil
}

// update fills in what is foreseen of a resource that a preview would update, where the provider does not know it any more. A lookup
// by its name finds it all the same.
func (f *forwarder) update(_ context.Context, request []byte, ask asker) ([]byte, error) {
	answer, err := ask(request)
	var q pulumirpc.UpdateRequest
	var a pulumirpc.UpdateResponse
	if err != nil || proto.Unmarshal(request, &q) != nil || !q.GetPreview() || proto.Unmarshal(answer, &a) != nil {
		return answer, err
	}
	_, values := f.foresee(q.GetUrn(), a.GetProperties(), func(v foresight.Value) bool { return v.Property != "" })
	if len(values) == 0 {
		return answer, nil
	}
	for _, v := range values {
		fill(a.GetProperties(), v)
	}
	return f.filled(answer, &a, session.Issue{URN: q.GetUrn(), Values: values}), nil
}

// filled returns an answer with what is foreseen, once the session knows of it, so that no lookup goes to AWS for what it does not
// know of; else as the provider gave it.
func (f *forwarder) filled(answer []byte, with proto.Message, issue session.Issue) []byte {
	encoded, err := proto.Marshal(with)
	if err != nil || f.session.Issue(issue) != nil {
		return answer
	}
	return encoded
}

// foresee returns what is foreseen of a resource, of those values that are wanted.
func (f *forwarder) foresee(urn string, answered *structpb.Struct, wanted func(foresight.Value) bool) (foresight.Resource, []foresight.Value) {
	r := foresight.Resource{URN: resource.URN(urn), Properties: plugin.DecodeProperties(answered)}
	values := func(in foresight.Place, standIns bool) []foresight.Value {
		return slices.DeleteFunc(foresight.Values(r, in, standIns), func(v foresight.Value) bool { return !wanted(v) })
	}
	// Of most resources nothing is foreseen wherever they are, and then nobody need be asked where that is.
	if len(values(foresight.Place{Partition: "aws", Account: "000000000000", Region: "us-east-1"}, true)) == 0 {
		return r, nil
	}
	if slices.Contains(f.may.Not, urn) {
		return r, nil
	}
	in, err := f.place()
	if err != nil {
		return r, nil // the session has been told why
	}
	return r, values(in, f.may.StandIns)
}

// random is what the engine puts behind the logical name of a resource that is given no name; what some types of names end with
// stands last.
//
// Source: https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming
var random = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`-[0-9a-f]{7}(\.fifo)?$`) })

// automatic tells whether a name was made up, and so is another one in another run. A bucket's is in lower case, and that of a key's
// alias has its prefix.
func automatic(logical string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		at := random().FindStringIndex(name)
		return at != nil && strings.EqualFold(strings.TrimPrefix(name[:at[0]], "alias/"), logical)
	})
}

// invoke holds a lookup for what the run would only create, and has the run start again without foreseeing that: neither the provider
// nor this forwarder may answer a lookup with what is unknown.
func (f *forwarder) invoke(ctx context.Context, request []byte, ask asker) ([]byte, error) {
	var q pulumirpc.InvokeRequest
	if proto.Unmarshal(request, &q) != nil || foresight.Computes(q.GetTok()) {
		return ask(request)
	}
	urns, err := f.named(q.GetTok(), texts(structpb.NewStructValue(q.GetArgs())))
	if err != nil {
		return nil, err
	}
	if len(urns) == 0 {
		return ask(request)
	}
	if err := f.session.StartAgain(session.Again{Token: q.GetTok(), URNs: urns}); err != nil {
		return nil, lost(err)
	}
	select {
	case <-ctx.Done():
	case <-f.released:
	}
	return nil, status.Errorf(codes.Canceled, "the preview starts again, since %s would look for %s, which it would only create",
		q.GetTok(), text.List(urns, ", "))
}

// readResource answers for a resource that the run would only create with its id, and nothing that is known besides: the engine fails
// a read that is answered without properties. What is of another type may be a part of that, such as the policy of a bucket, or only
// have the same name, as an instance profile has that of its role: where it exists, the provider says what it is.
//
// Source: https://github.com/pulumi/pulumi, pkg/resource/deploy/step.go, ReadStep.Apply
func (f *forwarder) readResource(_ context.Context, request []byte, ask asker) ([]byte, error) {
	var q pulumirpc.ReadRequest
	if proto.Unmarshal(request, &q) != nil {
		return ask(request)
	}
	typ := resource.URN(q.GetUrn()).Type()
	urns, err := f.named(typ, []string{q.GetId()})
	if err != nil {
		return nil, err
	}
	if len(urns) == 0 {
		return ask(request)
	}
	if !slices.ContainsFunc(urns, func(urn string) bool { return resource.URN(urn).Type() == typ }) {
		var a pulumirpc.ReadResponse
		if answer, err := ask(request); err == nil && proto.Unmarshal(answer, &a) == nil && a.GetId() != "" {
			return answer, nil
		}
	}
	return proto.Marshal(&pulumirpc.ReadResponse{Id: q.GetId(), Properties: &structpb.Struct{}})
}

// named returns the URNs of what the run would create and a lookup names.
func (f *forwarder) named(token string, texts []string) ([]string, error) {
	urns, err := f.session.Named(session.Asked{Token: token, Texts: texts})
	return urns, lost(err)
}

// lost is the status of a call that cannot be judged, for the preview that it belongs to has gone.
func lost(err error) error {
	if err == nil {
		return nil
	}
	return status.Errorf(codes.Unavailable, "the foreseen preview has ended: %v", err)
}

// cancel ends what is held.
func (f *forwarder) cancel(_ context.Context, request []byte, ask asker) ([]byte, error) {
	f.release()
	return ask(request)
}

// texts returns the strings within a value, those of secrets included.
func texts(v *structpb.Value) []string {
	var all []string
	switch v := v.GetKind().(type) {
	case *structpb.Value_StringValue:
		all = append(all, v.StringValue)
	case *structpb.Value_ListValue:
		for _, e := range v.ListValue.GetValues() {
			all = append(all, texts(e)...)
		}
	case *structpb.Value_StructValue:
		for _, m := range v.StructValue.GetFields() {
			all = append(all, texts(m)...)
		}
	}
	return all
}
