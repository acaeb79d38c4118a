//! The guide's table of families is what the suite registers, no more and no less.

use rf::{Suite, config::Sources};
use std::collections::BTreeMap;

const GUIDE: &str = include_str!("../../../rf-actix/src/docs/metrics.md");

/// Family → labels, of the table's rows.
fn documented() -> BTreeMap<String, Vec<String>> {
    let rows = GUIDE.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.split('|');
        let name = cells.next()?.trim().strip_suffix('`')?;
        let labels = cells.next()?.trim();
        // The routes have a table of their own.
        (!name.contains(' ')).then(|| {
            let labels = labels.split(", ").filter(|label| !label.is_empty());
            (name.to_owned(), labels.map(str::to_owned).collect())
        })
    });
    rows.collect()
}

#[tokio::test]
async fn the_guide_lists_every_family_with_its_labels() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().display();
    let config = format!(
        "[database]\nurl = \"sqlite://{folder}/a.db\"\n\
         [storage]\nurl_key = \"0123456789abcdef0123456789abcdef\"\n\
         [storage.disks.drive]\ndriver = \"local\"\nroot = \"{folder}/drive\"\n\
         [[logging.outputs]]\nfile = \"{folder}/app.log\"\n"
    );
    let config = Sources::default().text("rf.toml", &config).load().unwrap();
    let suite = Suite::new(config).await.unwrap();
    // What the pool's probe observes is registered by its first look.
    let db = "db_pool_wait_seconds";
    let families = async {
        loop {
            let families = suite.metrics().families();
            if families.iter().any(|family| family.name == db) {
                return families;
            }
            tokio::task::yield_now().await;
        }
    };
    let registered: BTreeMap<_, _> = families
        .await
        .into_iter()
        .map(|family| {
            assert!(!family.help.is_empty(), "{} has no help", family.name);
            (family.name, family.labels)
        })
        .collect();
    assert_eq!(documented(), registered);
}
