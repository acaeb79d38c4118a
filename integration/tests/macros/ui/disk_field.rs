use rf::Disk;

#[derive(Disk)]
#[disk(name = "avatars")]
struct Avatars(String);

fn main() {}
