package job

// Reporting travels from reporting to itself: a question is to be asked of the people of a shard. A question says itself how many shards it has.
type Reporting struct {
	Report string `json:"report"`
	Shard  int    `json:"shard"`
}

// Tell is what a shard of a question tells of itself.
func (j Reporting) Tell() Told {
	if j.Report == "" {
		return Told{Kind: KindNothing}
	}
	return Told{Kind: KindReport, Report: j.Report}
}
