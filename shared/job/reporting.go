package job

// Reporting travels from reporting to itself: a question is to be asked of the people of a shard. A question says itself how many shards it has.
type Reporting struct {
	Report string `json:"report"`
	// Shard is the part of the question's people.
	Shard int `json:"shard"`
	// Again is how often the question had been asked anew, since it had failed, when this was sent.
	Again int `json:"again,omitempty"`
}

// Tell is what a shard of a question tells of itself.
func (j Reporting) Tell() Told {
	if j.Report == "" {
		return Told{Kind: KindNothing}
	}
	return Told{Kind: KindReport, Report: j.Report}
}
