use rf_actix_macros::Disk;

struct DiskHandle;

#[derive(Disk)]
struct WithoutName(DiskHandle);

#[derive(Disk)]
#[disk(max_size = "5MiB")]
struct StillWithoutName(DiskHandle);

#[derive(Disk)]
#[disk(name = "a/b")]
struct BadName(DiskHandle);

#[derive(Disk)]
#[disk(name = "avatars", max_size = "5 apples")]
struct BadSize(DiskHandle);

#[derive(Disk)]
#[disk(name = "avatars", max_size = 0)]
struct NoSize(DiskHandle);

#[derive(Disk)]
#[disk(name = "avatars", accept = "images")]
struct BadMediaType(DiskHandle);

#[derive(Disk)]
#[disk(name = "avatars", naming = "random")]
struct BadNaming(DiskHandle);

#[derive(Disk)]
#[disk(name = "avatars", maxsize = "5MiB")]
struct UnknownKey(DiskHandle);

#[derive(Disk)]
#[disk(name = "avatars", name = "pictures")]
struct TwoNames(DiskHandle);

#[derive(Disk)]
#[disk(name = "avatars")]
struct NoHandle;

#[derive(Disk)]
#[disk(name = "avatars")]
struct TwoHandles(DiskHandle, DiskHandle);

#[derive(Disk)]
#[disk(name = "avatars")]
struct Generic<T>(T);

#[derive(Disk)]
#[disk(name = "avatars", max_width = 0)]
struct NoWidth(DiskHandle);

#[derive(Disk)]
#[disk(name = "avatars", max_height = "tall")]
struct BadHeight(DiskHandle);

fn main() {}
